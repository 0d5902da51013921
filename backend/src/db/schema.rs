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
    }
}

diesel::table! {
    event_counter (id) {
        id -> BigInt,
        last -> BigInt,
    }
}

diesel::table! {
    event (id) {
        id -> BigInt,
        at -> Text,
        kind -> Text,
        check_id -> Nullable<Text>,
        actor -> Text,
        summary -> Text,
        data -> Text,
    }
}

diesel::allow_tables_to_appear_in_same_query!(
    connection,
    project,
    rule,
    merge_request,
    status_check,
    decision,
    delivery,
    delivery_attempt
);
