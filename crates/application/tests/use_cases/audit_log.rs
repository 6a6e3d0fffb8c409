//! What is recorded of failures and of reading, and who may read what of it.

use doorward_application::access::{AdminError, ExplainDecision, ListUsers, SetUp, SetUpInput, UserSessions};
use doorward_application::audit_log::{EventPage, ListEvents, ListOwnEvents, PageRequest, SealEvents};
use doorward_application::password::{SignIn, SignInInput, SignInName, VerifyPassword};
use doorward_application::profile::DeleteUser;
use doorward_application::profile::DeleteUserInput;
use doorward_application::purge_expired::PurgeExpired;
use doorward_application::settings::{DeletionMode, Settings};
use doorward_domain::access::permissions;
use doorward_domain::audit::{AuditEvent, EventFilter, EventKind};
use doorward_domain::password::Password;
use doorward_domain::session::Session;
use doorward_domain::user::{
    Email, Page, RoleList, SortKey, User, UserColumn, UserName, UserOrder, UserQuery,
};
use doorward_domain::{Actor, Client, Repositories, RequestContext, RequestId, Secret, UserId};
use doorward_testing::{PASSWORD, samples};
use samples::at;

use super::world::remembered;
use super::{World, hardened};

fn administered() -> Settings {
    let mut settings = hardened();
    settings.admin.enabled = true;
    settings
}

async fn administrator(world: &World, id: &str) -> RequestContext {
    let user = User {
        role: Some(RoleList::from_stored("admin")),
        ..samples::user(id)
    };
    let user = world.add(user).await;
    world.signed_in(&user, id).await
}

/// Kind, subject, outcome and details.
fn told(world: &World) -> Vec<(String, String, String, String)> {
    let text = |text: Option<String>| text.unwrap_or_default();
    let events = world.snapshot().audit_events;
    let tell = |event: AuditEvent| {
        let subject = event.subject_id.map(|id| id.to_string());
        (event.kind, text(subject), event.outcome, text(event.details))
    };
    events.into_iter().map(tell).collect()
}

fn kinds(world: &World) -> Vec<(String, String)> {
    told(world)
        .into_iter()
        .map(|(kind, subject, ..)| (kind, subject))
        .collect()
}

fn pair(kind: &str, subject: &str) -> (String, String) {
    (kind.to_owned(), subject.to_owned())
}

async fn try_password(world: &World, address: &str, from: &str, password: &str) {
    let client = Client::new(from.to_owned(), "browser");
    let request = world.context.request(Actor::Anonymous, client);
    let input = SignInInput {
        name: SignInName::Email(Email::parse(address).unwrap()),
        password: Password::new(password),
        callback: None,
        session: remembered(),
    };
    drop(SignIn::new(world.context.clone()).run(&request, input).await);
}

#[tokio::test]
async fn au_1_failed_sign_ins_are_recorded_without_the_address() {
    let world = World::new(hardened());
    let ada = world.add_user("ada").await;
    try_password(&world, ada.email.as_str(), "192.0.2.1", "wrong password").await;
    try_password(&world, "nobody@example.test", "192.0.2.1", "wrong password").await;
    try_password(&world, ada.email.as_str(), "192.0.2.1", &"x".repeat(129)).await;
    try_password(&world, ada.email.as_str(), "192.0.2.1", PASSWORD).await;
    let expected = [
        pair("session.failed", "ada"),
        pair("session.failed", ""),
        pair("session.failed", ""),
        pair("session.issued", "ada"),
    ];
    assert_eq!(kinds(&world), expected);
    let events = world.snapshot().audit_events;
    let failed = &events[..3];
    assert!(failed.iter().all(|event| event.outcome == "denied"));
    assert!(
        failed
            .iter()
            .all(|event| event.ip_address.as_deref() == Some("192.0.2.1"))
    );
    let text = format!("{events:?}");
    assert!(
        !text.contains("example.test") && !text.contains("wrong password"),
        "{text}"
    );
}

#[tokio::test]
async fn au_1_a_flood_of_failures_is_counted_and_not_written() {
    let world = World::new(hardened());
    let ada = world.add_user("ada").await;
    for number in 0..50 {
        let address = format!("nobody-{number}@example.test");
        try_password(&world, &address, "192.0.2.1", "wrong password").await;
    }
    assert_eq!(kinds(&world).len(), 20);
    // EN-3: whether it is written does not depend on whom it is about.
    try_password(&world, ada.email.as_str(), "192.0.2.1", "wrong password").await;
    assert_eq!(kinds(&world).len(), 20);
    try_password(&world, ada.email.as_str(), "192.0.2.2", "wrong password").await;
    assert_eq!(kinds(&world).last(), Some(&pair("session.failed", "ada")));
    world.clock.advance(chrono::TimeDelta::minutes(1));
    try_password(&world, ada.email.as_str(), "192.0.2.1", "wrong password").await;
    let told = told(&world);
    let last: Vec<_> = told[21..]
        .iter()
        .map(|(kind, _, outcome, details)| (&**kind, &**outcome, &**details))
        .collect();
    assert_eq!(
        last,
        [
            ("audit.refusals_omitted", "denied", "31"),
            ("session.failed", "denied", "")
        ]
    );
}

#[tokio::test]
async fn au_1_a_wrong_password_of_somebody_signed_in_is_recorded() {
    let world = World::new(hardened());
    let ada = world.add_user("ada").await;
    let request = world.signed_in(&ada, "alpha").await;
    let verify = VerifyPassword::new(world.context.clone());
    assert!(verify.run(&request, &Password::new("wrong")).await.is_err());
    assert!(verify.run(&request, &Password::new(PASSWORD)).await.is_ok());
    assert_eq!(kinds(&world), [pair("password.check_failed", "ada")]);
    assert_eq!(told(&world)[0].2, "denied");
}

#[tokio::test]
async fn au_1_a_wrong_set_up_token_is_recorded() {
    let mut settings = administered();
    settings.admin.setup_token = Some(Secret::new("the secret of the operator, once".to_owned()));
    let world = World::new(settings);
    let input = SetUpInput {
        token: Secret::new("guessed".to_owned()),
        name: UserName::from_stored("Eve"),
        email: samples::email("eve"),
        password: Password::new(PASSWORD),
    };
    let outcome = SetUp::new(world.context.clone())
        .run(&samples::request(), input)
        .await;
    assert!(outcome.is_err());
    let expected = ("user.created", "", "denied", "wrong set-up token");
    let told = told(&world);
    let (kind, subject, outcome, details) = &told[0];
    assert_eq!((&**kind, &**subject, &**outcome, &**details), expected);
}

#[tokio::test]
async fn au_1_what_administrators_read_is_recorded() {
    let world = World::new(administered());
    let admin = administrator(&world, "ada").await;
    let grace = world.add_user("grace").await;
    let query = UserQuery {
        search: None,
        filter: None,
        deleted: false,
        order: UserOrder {
            by: SortKey::Column(UserColumn::CreatedAt),
            descending: false,
        },
        slice: Page::Offset(0),
        limit: 10,
    };
    let users = ListUsers::new(world.context.clone());
    users.list(&admin, &query).await.unwrap();
    users.get(&admin, &grace.id).await.unwrap();
    UserSessions::new(world.context.clone())
        .list(&admin, &grace.id)
        .await
        .unwrap();
    ExplainDecision::new(world.context.clone())
        .run(&admin, &grace.id, &permissions::user::BAN)
        .await
        .unwrap();
    let list = ListEvents::new(world.context.clone());
    let filter = EventFilter::of_subject(&grace.id);
    list.run(&admin, filter, PageRequest::newest(9)).await.unwrap();
    let expected = [
        ("user.listed", "", "2"),
        ("user.read", "grace", ""),
        ("session.listed", "grace", ""),
        ("user.access_explained", "grace", "user:ban"),
        ("audit.listed", "grace", ""),
    ];
    let told = told(&world);
    let told: Vec<_> = told
        .iter()
        .map(|(kind, subject, _, details)| (&**kind, &**subject, &**details))
        .collect();
    assert_eq!(told, expected);
    let events = world.snapshot().audit_events;
    assert!(
        events
            .iter()
            .all(|event| event.actor_id.as_deref() == Some("ada"))
    );
}

#[tokio::test]
async fn ac_2_events_are_for_those_who_may_read_them() {
    let world = World::new(administered());
    let admin = administrator(&world, "ada").await;
    let grace = world.add_user("grace").await;
    let list = ListEvents::new(world.context.clone());
    let ask = async |request: &RequestContext| {
        list.run(request, EventFilter::default(), PageRequest::newest(9))
            .await
    };
    assert!(ask(&admin).await.is_ok());
    assert!(
        ask(&samples::request().with_actor(Actor::Operator("audit list")))
            .await
            .is_ok()
    );
    let impersonation = Session {
        impersonated_by: Some(UserId::from_stored("ada")),
        ..samples::session(&grace, "impersonation")
    };
    for request in [
        samples::request(),
        world.signed_in(&grace, "beta").await,
        world.with_session(&grace, impersonation, "impersonation").await,
    ] {
        let outcome = ask(&request).await;
        assert!(matches!(outcome, Err(AdminError::NotPermitted(_))), "{outcome:?}");
    }
}

#[tokio::test]
async fn ac_7_a_page_has_a_thousand_events_at_most() {
    let world = World::new(administered());
    let admin = administrator(&world, "ada").await;
    let list = ListEvents::new(world.context.clone());
    for number in 0..1001 {
        let event = samples::event(
            &format!("{number:04}"),
            EventKind::SignedIn,
            &UserId::from_stored("eve"),
            at(0),
        );
        world.store.audit_events().insert(&event).await.unwrap();
    }
    let page = list
        .run(&admin, EventFilter::default(), PageRequest::newest(u64::MAX - 1))
        .await
        .unwrap();
    assert_eq!(page.events.len(), 1000);
    let after = page.next.unwrap();
    assert_eq!(after.id, "0001");
    let rest = PageRequest {
        after: Some(after),
        ..PageRequest::newest(9)
    };
    let EventPage { events, next } = list.run(&admin, EventFilter::default(), rest).await.unwrap();
    assert_eq!((events.len(), next), (1, None));
}

#[tokio::test]
async fn au_2_users_see_what_happened_to_them_and_nothing_of_others() {
    let world = World::new(administered());
    let admin = administrator(&world, "ada").await;
    let grace = world.add_user("grace").await;
    try_password(&world, grace.email.as_str(), "192.0.2.7", "wrong password").await;
    let client = Client::new("198.51.100.1".to_owned(), "an administrator's browser");
    let from_office = RequestContext::new(admin.actor.clone(), client, RequestId::new("r-1"), at(1));
    ListUsers::new(world.context.clone())
        .get(&from_office, &grace.id)
        .await
        .unwrap();
    world.sign_in(&samples::user("ada"), PASSWORD).await.unwrap();
    let own = world.signed_in(&grace, "beta").await;
    let page = ListOwnEvents::new(world.context.clone())
        .run(&own, PageRequest::newest(9))
        .await
        .unwrap();
    let told: Vec<_> = page
        .events
        .iter()
        .map(|event| (&*event.kind, event.by_administrator, event.ip_address.as_deref()))
        .collect();
    assert_eq!(
        told,
        [
            ("user.read", true, None),
            ("session.failed", false, Some("192.0.2.7"))
        ]
    );
    let nobody = ListOwnEvents::new(world.context.clone())
        .run(&samples::request(), PageRequest::newest(9))
        .await;
    assert!(nobody.is_err());
}

#[tokio::test]
async fn dt_2_with_a_user_goes_what_is_personal_in_the_event_of_the_deletion() {
    for mode in [DeletionMode::Hard, DeletionMode::Soft] {
        let mut settings = hardened();
        settings.delete_user.enabled = true;
        settings.delete_user.mode = mode;
        let world = World::new(settings);
        let ada = world.add_user("ada").await;
        try_password(&world, ada.email.as_str(), "192.0.2.1", "wrong password").await;
        let actor = world.signed_in(&ada, "alpha").await.actor;
        let client = Client::new("192.0.2.1".to_owned(), "browser");
        let request = world.context.request(actor, client);
        let input = DeleteUserInput {
            password: None,
            token: None,
            callback: None,
        };
        DeleteUser::new(world.context.clone())
            .run(&request, input)
            .await
            .unwrap();
        world.clock.advance(chrono::TimeDelta::days(31));
        PurgeExpired::new(world.context.clone())
            .run(&samples::request())
            .await
            .unwrap();
        let events = world.snapshot().audit_events;
        assert!(events.len() >= 2 && events.iter().any(|event| event.kind == "user.deleted"));
        for event in events {
            assert_eq!(
                (event.ip_address, event.user_agent, event.details),
                (None, None, None),
                "{}",
                event.kind
            );
            assert_eq!(event.subject_id.as_ref(), Some(&ada.id));
        }
    }
}

#[tokio::test]
async fn au_2_events_are_kept_as_long_as_it_is_configured() {
    for (days, left) in [
        (365, vec!["young"]),
        (0, vec!["old", "young"]),
        (500, vec!["old", "young"]),
    ] {
        let mut settings = hardened();
        settings.audit.retention = chrono::TimeDelta::days(days);
        let world = World::new(settings);
        for (id, age) in [("old", 366), ("young", 364)] {
            let event = samples::event(
                id,
                EventKind::SignedIn,
                &UserId::from_stored("ada"),
                at(-age * 24 * 3600),
            );
            world.store.audit_events().insert(&event).await.unwrap();
        }
        SealEvents::new(world.context.clone())
            .run(&samples::request())
            .await
            .unwrap();
        let purged = PurgeExpired::new(world.context.clone())
            .run(&samples::request())
            .await
            .unwrap();
        assert_eq!(purged.events, 2 - u64::try_from(left.len()).unwrap());
        let ids: Vec<_> = world
            .snapshot()
            .audit_events
            .into_iter()
            .map(|event| event.id)
            .collect();
        assert_eq!(ids, left);
    }
}
