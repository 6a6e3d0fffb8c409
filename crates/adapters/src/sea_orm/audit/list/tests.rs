use doorward_domain::audit::{EventKind, EventPosition};
use doorward_domain::moment_of_millis;
use doorward_testing::TestDatabase;
use sea_orm::{DatabaseConnection, DbBackend, QueryTrait, Statement};

use super::*;
use crate::sea_orm::SeaStore;

/// Fifty thousand events of two hundred users, whom a thousand administrators look after.
const LOG: [(DbBackend, &str); 2] = [
    (
        DbBackend::Sqlite,
        r#"WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 50000)
            INSERT INTO doorward_audit_event ("id", "kind", "at", "actorKind", "actorId", "subjectId", "requestId", "outcome")
            SELECT printf('id-%06d', n), CASE WHEN n % 50 = 0 THEN 'user.banned' ELSE 'session.issued' END,
                strftime('%Y-%m-%dT%H:%M:%fZ', 1700000000 + n / 3, 'unixepoch'), 'user', 'admin-' || (n % 1000),
                'user-' || (n % 200), 'r', CASE WHEN n % 100 = 1 THEN 'denied' ELSE 'success' END
            FROM n"#,
    ),
    (
        DbBackend::Postgres,
        r#"INSERT INTO doorward_audit_event ("id", "kind", "at", "actorKind", "actorId", "subjectId", "requestId", "outcome")
            SELECT 'id-' || lpad(n::text, 6, '0'), CASE WHEN n % 50 = 0 THEN 'user.banned' ELSE 'session.issued' END,
                to_timestamp(1700000000 + n / 3), 'user', 'admin-' || (n % 1000), 'user-' || (n % 200), 'r',
                CASE WHEN n % 100 = 1 THEN 'denied' ELSE 'success' END
            FROM generate_series(1, 50000) AS n;
            ANALYZE doorward_audit_event"#,
    ),
];

async fn plan(store: &SeaRepositories<DatabaseConnection>, query: &EventQuery) -> String {
    let backend = store.connection.get_database_backend();
    let statement = store.event_page(query).build(backend);
    let (explain, column) = if backend == DbBackend::Sqlite {
        ("EXPLAIN QUERY PLAN", "detail")
    } else {
        ("EXPLAIN", "QUERY PLAN")
    };
    let explained = Statement {
        sql: format!("{explain} {}", statement.sql),
        ..statement
    };
    let rows = store.connection.query_all_raw(explained).await.unwrap();
    let lines = rows.iter().map(|row| row.try_get::<String>("", column).unwrap());
    lines.collect::<Vec<_>>().join("\n")
}

/// A page of any list is a range of an index, in its order: nothing is sorted, and nothing is read that lies before it.
#[tokio::test(flavor = "multi_thread")]
async fn a_page_is_a_range_of_an_index() {
    let subject = EventFilter::of_subject(&UserId::from_stored("user-7"));
    let actor = EventFilter {
        actor: Some("admin-7".to_owned()),
        ..EventFilter::default()
    };
    let kind = EventFilter {
        kind: Some(EventKind::UserBanned.name().to_owned()),
        ..EventFilter::default()
    };
    let outcome = EventFilter {
        outcome: Some(Outcome::Denied),
        ..EventFilter::default()
    };
    let since = EventFilter {
        since: moment_of_millis(1_700_010_000_000),
        ..EventFilter::default()
    };
    let several = EventFilter {
        kind: Some(EventKind::SignedIn.name().to_owned()),
        outcome: Some(Outcome::Success),
        ..subject.clone()
    };
    let cases = [
        (EventFilter::default(), "time"),
        (since, "time"),
        (subject, "subject"),
        (actor, "actor"),
        (kind, "kind"),
        (outcome, "outcome"),
        (several, "subject"),
    ];
    for test in [Some(TestDatabase::sqlite()), TestDatabase::postgres().await]
        .into_iter()
        .flatten()
    {
        let connection = test.connection().await;
        doorward_migration::migrate(&connection).await.unwrap();
        let backend = connection.get_database_backend();
        for (_, script) in LOG.iter().filter(|(of, _)| *of == backend) {
            connection.execute_unprepared(script).await.unwrap();
        }
        let store = SeaStore::new(connection);
        for (filter, index) in &cases {
            let middle = EventPosition {
                at: moment_of_millis(1_700_012_000_000).unwrap(),
                id: "id-036001".to_owned(),
            };
            for (order, after) in [
                (EventOrder::NewestFirst, None),
                (EventOrder::NewestFirst, Some(middle.clone())),
                (EventOrder::OldestFirst, Some(middle)),
            ] {
                let query = EventQuery {
                    order,
                    after,
                    ..EventQuery::newest(filter.clone(), 11)
                };
                let plan = plan(&store, &query).await;
                assert!(
                    plan.contains(&format!("doorward_audit_event_{index}_idx")),
                    "{query:?}\n{plan}"
                );
                for slow in ["Seq Scan", "Sort", "B-TREE", "SCAN doorward_audit_event\n"] {
                    assert!(!plan.contains(slow), "{query:?}\n{plan}");
                }
            }
        }
    }
}
