//! The tables, as diesel knows them. One schema serves both databases.

#![expect(missing_docs, reason = "column names are documented by the migrations")]

diesel::table! {
    connection (id) {
        id -> Text,
        base_url -> Text,
        broken_reason -> Nullable<Text>,
        probe_at -> Nullable<Text>,
        created_at -> Text,
        updated_at -> Text,
    }
}

diesel::table! {
    project (id) {
        id -> Text,
        connection_id -> Text,
        gitlab_id -> BigInt,
        path -> Text,
        web_url -> Text,
        created_at -> Text,
        updated_at -> Text,
    }
}

diesel::table! {
    rule (id) {
        id -> Text,
        project_id -> Text,
        gitlab_id -> BigInt,
        rule_key -> Text,
        name -> Text,
        hmac_secret -> Nullable<Text>,
        policy -> Text,
        broken_reason -> Nullable<Text>,
        probe_at -> Nullable<Text>,
        created_at -> Text,
        updated_at -> Text,
        note_enabled -> Bool,
    }
}

diesel::table! {
    merge_request (id) {
        id -> Text,
        project_id -> Text,
        iid -> BigInt,
        title -> Text,
        description -> Text,
        author_gitlab_id -> Nullable<BigInt>,
        author -> Text,
        url -> Text,
        source_branch -> Text,
        target_branch -> Text,
        state -> Text,
        head_sha -> Text,
        gitlab_updated_at -> Text,
        facts_at -> Text,
        refresh_due_at -> Nullable<Text>,
        refresh_attempts -> BigInt,
        created_at -> Text,
        updated_at -> Text,
    }
}

diesel::table! {
    status_check (id) {
        id -> Text,
        state -> Text,
        project_path -> Text,
        merge_request_iid -> BigInt,
        title -> Text,
        author -> Text,
        rule_name -> Text,
        sha -> Text,
        source_branch -> Text,
        target_branch -> Text,
        decided_by -> Nullable<Text>,
        decided_at -> Nullable<Text>,
        verdict -> Nullable<Text>,
        gitlab_status -> Nullable<Text>,
        gitlab_status_at -> Nullable<Text>,
        undecided_pass -> Bool,
        notice -> Nullable<Text>,
        received_at -> Text,
        updated_at -> Text,
        round -> BigInt,
        policy -> Text,
        project_id -> Text,
        merge_request_id -> Text,
        rule_id -> Text,
        delivery_id -> Nullable<Text>,
        search_text -> Text,
        author_gitlab_id -> Nullable<BigInt>,
        pass_acknowledged -> Bool,
    }
}

diesel::table! {
    decision (id) {
        id -> Text,
        check_id -> Text,
        round -> BigInt,
        verdict -> Text,
        comment -> Text,
        sha -> Text,
        target_branch -> Text,
        reviewer -> Text,
        reviewer_verified -> Bool,
        reversed -> Bool,
        decided_at -> Text,
        account_id -> Nullable<Text>,
        via -> Nullable<Text>,
    }
}

diesel::table! {
    delivery (id) {
        id -> Text,
        check_id -> Text,
        connection_id -> Text,
        rule_id -> Text,
        seq -> BigInt,
        status -> Text,
        sha -> Text,
        state -> Text,
        attempts -> BigInt,
        due_at -> Text,
        lease_owner -> Nullable<Text>,
        lease_until -> Nullable<Text>,
        http_status -> Nullable<BigInt>,
        last_error -> Nullable<Text>,
        created_at -> Text,
        updated_at -> Text,
        delivered_at -> Nullable<Text>,
    }
}

diesel::table! {
    delivery_attempt (delivery_id, number) {
        delivery_id -> Text,
        number -> BigInt,
        at -> Text,
        duration_ms -> BigInt,
        http_status -> Nullable<BigInt>,
        error -> Nullable<Text>,
    }
}

diesel::table! {
    merge_request_note (merge_request_id, rule_id) {
        merge_request_id -> Text,
        rule_id -> Text,
        connection_id -> Text,
        state -> Text,
        wanted -> BigInt,
        gitlab_note_id -> Nullable<BigInt>,
        written_hash -> Nullable<Text>,
        written_at -> Nullable<Text>,
        recreated -> Bool,
        attempts -> BigInt,
        due_at -> Text,
        lease_owner -> Nullable<Text>,
        lease_until -> Nullable<Text>,
        last_error -> Nullable<Text>,
        created_at -> Text,
        updated_at -> Text,
    }
}

diesel::table! {
    saved_filter (account_id, position) {
        account_id -> Text,
        position -> BigInt,
        name -> Text,
        query -> Text,
    }
}

diesel::table! {
    call_batch (id) {
        id -> BigInt,
        received_at -> Text,
        calls -> BigInt,
        packed -> Binary,
    }
}

diesel::table! {
    received_call (id) {
        id -> BigInt,
        received_at -> Text,
        state -> Text,
        signed -> Bool,
        rule_key -> Nullable<Text>,
        size -> BigInt,
        attempts -> BigInt,
        due_at -> Text,
        lease_owner -> Nullable<Text>,
        lease_until -> Nullable<Text>,
        note -> Nullable<Text>,
        body -> Binary,
        failures -> BigInt,
    }
}

diesel::table! {
    event_counter (id) {
        id -> BigInt,
        last -> BigInt,
        head -> Text,
    }
}

diesel::table! {
    instance (id) {
        id -> Text,
    }
}

diesel::table! {
    event (id) {
        id -> BigInt,
        at -> Text,
        kind -> Text,
        check_id -> Nullable<Text>,
        project_id -> Nullable<Text>,
        actor -> Text,
        account_id -> Nullable<Text>,
        via -> Text,
        summary -> Text,
        data -> Text,
        previous_hash -> Text,
        hash -> Text,
    }
}

diesel::table! {
    account (id) {
        id -> Text,
        name -> Text,
        email -> Text,
        email_key -> Text,
        password_hash -> Nullable<Text>,
        all_projects -> Bool,
        gitlab_user_id -> Nullable<BigInt>,
        active -> Bool,
        joined_at -> Nullable<Text>,
        last_sign_in_at -> Nullable<Text>,
        created_at -> Text,
        updated_at -> Text,
    }
}

diesel::table! {
    account_role (account_id, role) {
        account_id -> Text,
        role -> Text,
    }
}

diesel::table! {
    account_identity (issuer, subject) {
        issuer -> Text,
        subject -> Text,
        account_id -> Text,
        created_at -> Text,
    }
}

diesel::table! {
    person_group (id) {
        id -> Text,
        name -> Text,
        created_at -> Text,
        updated_at -> Text,
    }
}

diesel::table! {
    group_member (account_id, group_id) {
        account_id -> Text,
        group_id -> Text,
    }
}

diesel::table! {
    group_project (group_id, project_id) {
        group_id -> Text,
        project_id -> Text,
    }
}

diesel::table! {
    account_project (account_id, project_id) {
        account_id -> Text,
        project_id -> Text,
    }
}

diesel::table! {
    session (id) {
        id -> Text,
        key_hash -> Text,
        account_id -> Text,
        created_at -> Text,
        last_seen_at -> Text,
        expires_at -> Text,
        user_agent -> Text,
        address -> Text,
        provider -> Nullable<Text>,
    }
}

diesel::table! {
    api_token (id) {
        id -> Text,
        key_hash -> Text,
        name -> Text,
        hint -> Text,
        account_id -> Text,
        scopes -> Text,
        limited -> Bool,
        created_at -> Text,
        expires_at -> Nullable<Text>,
        last_used_at -> Nullable<Text>,
        revoked_at -> Nullable<Text>,
    }
}

diesel::table! {
    api_token_project (token_id, project_id) {
        token_id -> Text,
        project_id -> Text,
    }
}

diesel::table! {
    one_time_link (id) {
        id -> Text,
        key_hash -> Text,
        kind -> Text,
        account_id -> Nullable<Text>,
        created_at -> Text,
        expires_at -> Nullable<Text>,
    }
}

diesel::table! {
    sign_in_throttle (subject) {
        subject -> Text,
        failures -> BigInt,
        last_at -> Text,
        locked_until -> Nullable<Text>,
    }
}

diesel::table! {
    change_summary (merge_request_id, sha) {
        merge_request_id -> Text,
        sha -> Text,
        pipeline -> Nullable<Text>,
        approvals_given -> Nullable<BigInt>,
        approvals_required -> Nullable<BigInt>,
        additions -> Nullable<BigInt>,
        deletions -> Nullable<BigInt>,
        files -> Nullable<BigInt>,
        size -> BigInt,
        last_used_at -> Text,
        due_at -> Nullable<Text>,
        attempts -> BigInt,
    }
}

diesel::table! {
    change_part (merge_request_id, sha, part) {
        merge_request_id -> Text,
        sha -> Text,
        part -> Text,
        packed -> Binary,
        size -> BigInt,
        read_at -> Text,
    }
}

diesel::table! {
    idempotency_key (sender, key, part) {
        sender -> Text,
        key -> Text,
        part -> Text,
        fingerprint -> Text,
        done_at -> Text,
        status -> Nullable<BigInt>,
        content_type -> Nullable<Text>,
        body -> Nullable<Text>,
    }
}

diesel::allow_tables_to_appear_in_same_query!(account, session, api_token, person_group, group_member);

diesel::allow_tables_to_appear_in_same_query!(
    connection,
    project,
    rule,
    merge_request,
    status_check,
    decision,
    delivery,
    delivery_attempt,
    change_summary,
    merge_request_note
);
