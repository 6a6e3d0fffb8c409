//! Promises about audit events.

use std::sync::Arc;

use doorward_domain::audit::{
    AuditEvent, Event, EventFilter, EventKind, EventOrder, EventPosition, EventQuery, Involvement, Outcome,
};
use doorward_domain::session::Session;
use doorward_domain::{
    Actor, Client, Constraint, RequestContext, RequestId, Store, StoreError, Transaction, UserId,
};

use crate::samples::{self, at};

async fn list(store: &Arc<dyn Store>, subject: &UserId) -> Vec<AuditEvent> {
    store.audit_events().list_by_subject(subject, 99).await.unwrap()
}

/// An event with something in every field.
fn full(id: &str, subject: &UserId) -> AuditEvent {
    AuditEvent {
        id: id.to_owned(),
        kind: EventKind::UserUpdated.name().to_owned(),
        at: at(7),
        actor_kind: "user".to_owned(),
        actor_id: Some("grace".to_owned()),
        session_id: Some(samples::session(&samples::user("grace"), "alpha").id),
        impersonated_by: Some(UserId::from_stored("ada")),
        subject_id: Some(subject.clone()),
        request_id: "request".to_owned(),
        ip_address: Some("192.0.2.9".to_owned()),
        user_agent: Some("a browser".to_owned()),
        outcome: "success".to_owned(),
        details: Some("it's “quoted”".to_owned()),
        proof: None,
    }
}

/// Every field comes back as it was written, present or absent.
pub async fn insert_and_list(store: Arc<dyn Store>) {
    let subject = samples::user("grace").id;
    let full = full("1", &subject);
    let bare = AuditEvent {
        id: "2".to_owned(),
        actor_id: None,
        session_id: None,
        impersonated_by: None,
        ip_address: None,
        user_agent: None,
        details: None,
        ..full.clone()
    };
    let of_nobody = AuditEvent {
        id: "3".to_owned(),
        subject_id: None,
        ..full.clone()
    };
    for event in [&full, &bare, &of_nobody] {
        store.audit_events().insert(event).await.unwrap();
    }
    assert_eq!(list(&store, &subject).await, [full, bare]);
    assert_eq!(list(&store, &samples::user("ada").id).await, []);
}

/// An event is there once.
pub async fn ids_are_unique(store: Arc<dyn Store>) {
    let subject = samples::user("grace").id;
    let event = full("1", &subject);
    store.audit_events().insert(&event).await.unwrap();
    let again = AuditEvent {
        details: None,
        ..event.clone()
    };
    let outcome = store.audit_events().insert(&again).await;
    assert!(
        matches!(outcome, Err(StoreError::Conflict(Constraint::Other))),
        "{outcome:?}"
    );
    assert_eq!(list(&store, &subject).await, [event]);
}

async fn record(tx: &dyn Transaction, kind: EventKind, subject: &UserId) {
    tx.record(Event::of(kind, subject)).await.unwrap();
}

/// What a transaction records is there when it commits, and not before.
pub async fn committed_and_visible(store: Arc<dyn Store>) {
    let subject = samples::user("ada").id;
    let tx = store.begin(&samples::request()).await.unwrap();
    record(&*tx, EventKind::SignedUp, &subject).await;
    assert_eq!(list(&store, &subject).await, []);
    tx.commit().await.unwrap();
    let events = list(&store, &subject).await;
    assert_eq!(events.len(), 1);
    assert_eq!(events[0].kind, "user.signed_up");
}

/// What was undone is not told.
pub async fn dropped_without_trace(store: Arc<dyn Store>) {
    let subject = samples::user("ada").id;
    let tx = store.begin(&samples::request()).await.unwrap();
    record(&*tx, EventKind::SignedUp, &subject).await;
    drop(tx);
    assert_eq!(list(&store, &subject).await, []);
}

/// The transaction adds who acted, by whom they are impersonated, from where, and under which request.
pub async fn the_request_is_recorded(store: Arc<dyn Store>) {
    let grace = samples::user("grace");
    let session = Session {
        impersonated_by: Some(UserId::from_stored("ada")),
        ..samples::session(&grace, "alpha")
    };
    let client = Client::new("192.0.2.9".to_owned(), "a browser");
    let actor = samples::request_with(&session, &grace, "alpha").actor;
    let by_user = RequestContext::new(actor, client, RequestId::new("r-1"), at(7));
    let by_operator = samples::request().with_actor(Actor::Operator("users ban"));
    let subject = samples::user("eve").id;
    for request in [&by_user, &by_operator] {
        let tx = store.begin(request).await.unwrap();
        let event = Event::of(EventKind::UserBanned, &subject).denied();
        tx.record(event.with_details("spam")).await.unwrap();
        tx.commit().await.unwrap();
    }
    let denied = AuditEvent {
        id: format!("{}-0000", by_user.id.as_str()),
        kind: EventKind::UserBanned.name().to_owned(),
        at: by_user.at,
        session_id: Some(session.id),
        request_id: by_user.id.as_str().to_owned(),
        outcome: "denied".to_owned(),
        details: Some("spam".to_owned()),
        ..full("", &subject)
    };
    let by_command = AuditEvent {
        id: format!("{}-0000", by_operator.id.as_str()),
        at: by_operator.at,
        actor_kind: "operator".to_owned(),
        actor_id: Some("users ban".to_owned()),
        session_id: None,
        impersonated_by: None,
        request_id: by_operator.id.as_str().to_owned(),
        ip_address: None,
        user_agent: None,
        ..denied.clone()
    };
    assert_eq!(list(&store, &subject).await, [by_command, denied], "oldest first");
}

/// Oldest first; within a request in the order in which it happened; at most as many as asked for.
pub async fn oldest_first(store: Arc<dyn Store>) {
    let subject = samples::user("ada").id;
    let request = |name: &str, seconds| {
        let id = RequestId::new(name);
        RequestContext::new(Actor::Anonymous, Client::default(), id, at(seconds))
    };
    let (early, late) = (request("z", 1), request("a", 2));
    let kinds = [
        (&late, EventKind::UserUpdated),
        (&early, EventKind::SignedUp),
        (&late, EventKind::RoleChanged),
        (&early, EventKind::SignedIn),
    ];
    for (request, kind) in kinds {
        let tx = store.begin(request).await.unwrap();
        record(&*tx, kind, &subject).await;
        tx.commit().await.unwrap();
    }
    let expected = [
        "user.signed_up",
        "session.issued",
        "user.updated",
        "user.role_changed",
    ];
    let kinds = async |limit| -> Vec<String> {
        let events = store
            .audit_events()
            .list_by_subject(&subject, limit)
            .await
            .unwrap();
        events.into_iter().map(|event| event.kind).collect()
    };
    assert_eq!(kinds(99).await, expected);
    assert_eq!(kinds(3).await, expected[..3]);
}

/// An event of this id and second, with these facts.
fn told(id: &str, second: i64, subject: &str, actor: &str, kind: EventKind) -> AuditEvent {
    AuditEvent {
        id: id.to_owned(),
        at: at(second),
        kind: kind.name().to_owned(),
        actor_id: Some(actor.to_owned()),
        ..full("", &UserId::from_stored(subject))
    }
}

/// Some events, in no order.
async fn add_some(store: &Arc<dyn Store>) {
    let denied = AuditEvent {
        outcome: Outcome::Denied.name().to_owned(),
        ..told("d", 3, "ada", "grace", EventKind::SignInDenied)
    };
    let events = [
        told("c", 2, "ada", "ada", EventKind::SignedIn),
        denied,
        told("a", 1, "ada", "ada", EventKind::SignedIn),
        told("B", 2, "grace", "ada", EventKind::UserBanned),
        told("e", 4, "grace", "grace", EventKind::SignedIn),
    ];
    for event in events {
        store.audit_events().insert(&event).await.unwrap();
    }
}

async fn found(store: &Arc<dyn Store>, query: &EventQuery) -> String {
    let events = store.audit_events().list(query).await.unwrap();
    events.into_iter().map(|event| event.id).collect()
}

/// By subject, actor, kind, outcome and time, and by several of them.
pub async fn au_2_filters(store: Arc<dyn Store>) {
    add_some(&store).await;
    let of = |subject: &str| EventFilter::of_subject(&UserId::from_stored(subject));
    let by = |actor: &str| EventFilter {
        actor: Some(actor.to_owned()),
        ..EventFilter::default()
    };
    let kind = Some(EventKind::SignedIn.name().to_owned());
    let of_kind = EventFilter {
        kind: kind.clone(),
        ..EventFilter::default()
    };
    let of_outcome = |outcome| EventFilter {
        outcome: Some(outcome),
        ..EventFilter::default()
    };
    let between = EventFilter {
        since: Some(at(2)),
        until: Some(at(4)),
        ..EventFilter::default()
    };
    let all = EventFilter {
        kind,
        outcome: Some(Outcome::Success),
        actor: Some("ada".to_owned()),
        since: Some(at(2)),
        ..of("ada")
    };
    let cases = [
        (EventFilter::default(), "edcBa"),
        (of("ada"), "dca"),
        (of("eve"), ""),
        (by("ada"), "cBa"),
        (by("it's"), ""),
        (of_kind, "eca"),
        (of_outcome(Outcome::Denied), "d"),
        (of_outcome(Outcome::Success), "ecBa"),
        (between, "dcB"),
        (all, "c"),
    ];
    for (filter, ids) in cases {
        let query = EventQuery::newest(filter, 99);
        assert_eq!(found(&store, &query).await, ids, "{query:?}");
    }
}

/// Page after page, in both orders; events of one moment are in the order of their ids, byte by byte.
pub async fn goes_on_after_a_place(store: Arc<dyn Store>) {
    add_some(&store).await;
    for (order, whole) in [
        (EventOrder::NewestFirst, "edcBa"),
        (EventOrder::OldestFirst, "aBcde"),
    ] {
        for limit in [1, 2, 3] {
            let mut query = EventQuery {
                order,
                ..EventQuery::newest(EventFilter::default(), limit)
            };
            let mut ids = String::new();
            loop {
                let events = store.audit_events().list(&query).await.unwrap();
                assert!(u64::try_from(events.len()).unwrap() <= limit);
                let Some(last) = events.last() else {
                    break;
                };
                query.after = Some(last.position());
                ids.extend(events.iter().map(|event| event.id.as_str()));
            }
            assert_eq!(ids, whole, "{limit} at a time");
        }
    }
}

/// With a user goes what is personal in their events, and nothing of other people's. Ids stay.
pub async fn dt_2_of_a_removed_user_ids_are_left(store: Arc<dyn Store>) {
    let by_user = |id: &str, subject: &str, actor: &str, impersonator: Option<&str>| AuditEvent {
        impersonated_by: impersonator.map(UserId::from_stored),
        ..told(id, 1, subject, actor, EventKind::UserUpdated)
    };
    let by_nobody = |id: &str, subject: &str| AuditEvent {
        actor_kind: Actor::ANONYMOUS.to_owned(),
        actor_id: None,
        ..by_user(id, subject, "", None)
    };
    let by_operator = AuditEvent {
        actor_kind: Actor::OPERATOR.to_owned(),
        ..by_user("operator", "ada", "ada", None)
    };
    let events = [
        by_user("own", "ada", "ada", None),
        by_user("to-another", "grace", "ada", None),
        by_nobody("tried", "ada"),
        by_user("by-another", "ada", "grace", None),
        // Client address and browser of an impersonation are the administrator's.
        by_user("by-their-impersonator", "ada", "ada", Some("grace")),
        by_user("as-another", "grace", "grace", Some("ada")),
        by_operator,
        by_user("others", "grace", "grace", None),
        by_nobody("others-tried", "grace"),
    ];
    let erased = ["own", "to-another", "tried", "as-another"];
    for way in ["delete", "purge"] {
        let user = super::add_user(&store, "ada").await;
        for event in &events {
            let event = AuditEvent {
                id: format!("{way}-{}", event.id),
                ..event.clone()
            };
            store.audit_events().insert(&event).await.unwrap();
        }
        if way == "delete" {
            assert!(store.users().delete(&user.id).await.unwrap().is_removed());
        } else {
            let users = store.users();
            assert!(users.soft_delete(&user.id, at(1)).await.unwrap().is_removed());
            assert_eq!(users.purge_deleted(at(2), 9).await.unwrap(), [user.id]);
        }
        for event in store
            .audit_events()
            .list(&EventQuery::newest(EventFilter::default(), 99))
            .await
            .unwrap()
        {
            let Some(name) = event.id.strip_prefix(&format!("{way}-")) else {
                continue;
            };
            let written = events.iter().find(|written| written.id == name).unwrap();
            let mut expected = AuditEvent {
                id: event.id.clone(),
                ..written.clone()
            };
            if erased.contains(&name) {
                (expected.ip_address, expected.user_agent, expected.details) = (None, None, None);
            }
            assert_eq!(event, expected);
        }
    }
}

/// How a user is involved is told apart, each event is found once, and pages continue where the last one ended.
pub async fn dt_2_who_is_involved_and_how(store: Arc<dyn Store>) {
    let (ada, grace) = (samples::user("ada").id, samples::user("grace").id);
    let event =
        |id: &str, seconds, actor: (&str, Option<&str>), by: Option<&UserId>, subject: Option<&UserId>| {
            AuditEvent {
                at: at(seconds),
                actor_kind: actor.0.to_owned(),
                actor_id: actor.1.map(str::to_owned),
                impersonated_by: by.cloned(),
                subject_id: subject.cloned(),
                ..full(id, &grace)
            }
        };
    let by_ada = ("user", Some(ada.as_str()));
    let by_grace = ("user", Some(grace.as_str()));
    for event in [
        event("d", 2, by_grace, None, Some(&ada)),
        event("a", 2, by_ada, None, Some(&ada)),
        event("c", 1, ("anonymous", None), None, Some(&ada)),
        event("b", 2, by_grace, Some(&ada), Some(&ada)),
        event("e", 3, by_ada, None, Some(&grace)),
        event("f", 3, by_ada, None, None),
        event("g", 3, by_ada, Some(&ada), Some(&grace)),
        event("h", 4, by_grace, Some(&ada), Some(&grace)),
        event("i", 4, by_grace, Some(&ada), None),
        // A command of the same name as a user is not the user.
        event("j", 4, ("operator", Some(ada.as_str())), None, Some(&grace)),
        event("k", 4, ("operator", Some(ada.as_str())), Some(&ada), Some(&grace)),
        event("l", 4, by_grace, None, Some(&grace)),
    ] {
        store.audit_events().insert(&event).await.unwrap();
    }
    for (involvement, expected) in [
        (Involvement::Subject, ["c", "a", "b", "d"].as_slice()),
        (Involvement::Actor, &["e", "f", "g"]),
        (Involvement::Impersonator, &["h", "i", "k"]),
    ] {
        for limit in [1, 2, 9] {
            let (mut found, mut after) = (Vec::new(), None);
            loop {
                let events = store.audit_events();
                let page = events
                    .list_involving(&ada, involvement, after, limit)
                    .await
                    .unwrap();
                let Some(last) = page.last() else { break };
                after = Some(EventPosition::of(last));
                assert!(u64::try_from(page.len()).unwrap() <= limit);
                found.extend(page);
            }
            assert!(
                found
                    .iter()
                    .all(|event| Involvement::of(event, &ada) == Some(involvement))
            );
            let ids: Vec<_> = found.iter().map(|event| event.id.as_str()).collect();
            assert_eq!(ids, expected, "{involvement:?} by {limit}");
        }
    }
}
