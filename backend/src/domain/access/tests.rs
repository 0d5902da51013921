use super::*;

fn caller(roles: &[Role], gitlab_user_id: Option<i64>) -> Caller {
    Caller {
        account_id: AccountId::generate(),
        name: "Rita".into(),
        via: Via::Browser { session: SessionId::generate() },
        permissions: Permissions::of_roles(roles),
        reach: Reach::All,
        gitlab_user_id,
        once: None,
    }
}

#[test]
fn roles_add_up_and_an_administrator_alone_does_not_decide() {
    let admin = caller(&[Role::Administrator], None);
    assert_eq!(barred(&admin, None), Some(Barred::NoPermission));
    let both = caller(&[Role::Administrator, Role::Reviewer], None);
    assert_eq!(both.permissions.all(), Permission::ALL);
    assert_eq!(barred(&both, Some(7)), None);
}

#[test]
fn the_author_does_not_decide() {
    let author = caller(&[Role::Reviewer], Some(7));
    assert_eq!(barred(&author, Some(7)), Some(Barred::OwnChange));
    assert_eq!(barred(&author, Some(8)), None);
    assert_eq!(barred(&author, None), None);
}

#[test]
fn whose_turn_it_is_agrees_with_who_is_barred() {
    for (roles, me) in [
        (&[Role::Reviewer][..], Some(7)),
        (&[Role::Reviewer], None),
        (&[Role::Viewer], Some(7)),
        (&[Role::Viewer], None),
    ] {
        let caller = caller(roles, me);
        for author in [Some(7), Some(8), None] {
            let fits = |turn: Turn| match turn.of(&caller) {
                Written::ByAnybody => true,
                Written::ByNobody => false,
                Written::By(one) => author == Some(one),
                Written::NotBy(one) => author != Some(one),
            };
            let free = barred(&caller, author).is_none();
            assert_eq!((fits(Turn::Mine), fits(Turn::Others)), (free, !free), "{roles:?} {me:?} {author:?}");
        }
    }
}

#[test]
fn a_token_holds_no_more_than_its_person() {
    let viewer = Permissions::of_roles(&[Role::Viewer]);
    let scopes = [Permission::ChecksRead, Permission::ChecksDecide];
    assert_eq!(viewer.and(&scopes).all(), [Permission::ChecksRead]);
}

#[test]
fn a_reach_is_the_narrower_of_account_and_token() {
    let (account, token) = (AccountId::generate(), TokenId::generate());
    assert_eq!(Reach::of(true, &account, None), Reach::All);
    assert_eq!(
        Reach::of(true, &account, Some(&token)),
        Reach::Granted { account: None, token: Some(token.clone()) }
    );
    assert_eq!(
        Reach::of(false, &account, Some(&token)),
        Reach::Granted { account: Some(account), token: Some(token) }
    );
}

#[test]
fn a_session_ends_by_rest_and_by_age() {
    let at = |text: &str| Time::parse(text).expect("reads");
    let idle = std::time::Duration::from_secs(3600);
    let (seen, end) = (at("2026-01-01T10:00:00Z"), at("2026-01-01T12:00:00Z"));
    assert!(session_lives(seen, end, idle, at("2026-01-01T10:59:59Z")));
    assert!(!session_lives(seen, end, idle, at("2026-01-01T11:00:00Z")));
    assert!(!session_lives(at("2026-01-01T11:59:00Z"), end, idle, end));
}
