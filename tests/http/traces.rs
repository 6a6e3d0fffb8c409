//! Nothing of a person is left when they are gone.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use chrono::TimeDelta;
use doorward_adapters::memory::MemoryStore;
use doorward_application::purge_expired::PurgeExpired;
use doorward_application::settings::{DeletionMode, Preset};
use doorward_domain::Actor;
use doorward_domain::user::Email;
use doorward_testing::{Backend, Browser, PASSWORD, TestApp};
use sea_orm::{ConnectionTrait, DbBackend, Statement};
use serde_json::json;

/// What can be recognised of the person: name, addresses, username, picture, browser.
const TRACES: [&str; 7] = [
    "Augusta Ada Byron",
    "lovelace-before@example.test",
    "lovelace-after@example.test",
    "countess_of_lovelace",
    "Countess_of_Lovelace",
    "https://example.test/lovelace.png",
    "Lovelace Browser/1843",
];

/// A person who did all there is to do, and has emails that wait.
fn person(app: &TestApp) -> Browser {
    let mut browser = app.browser();
    browser.headers = vec![("user-agent".to_owned(), TRACES[6].to_owned())];
    let body = json!({ "name": TRACES[0], "email": TRACES[1], "password": PASSWORD, "username": TRACES[4], "image": TRACES[5] });
    let answer = browser.post("/sign-up/email", &body);
    assert_eq!(answer.status, 200, "{}", answer.text);
    let ask = |browser: &mut Browser, path: &str, body| {
        let answer = browser.post(path, &body);
        assert_eq!(answer.status, 200, "{path}: {}", answer.text);
    };
    ask(&mut browser, "/change-email", json!({ "newEmail": TRACES[2] }));
    for mail in app.sent_emails() {
        browser.open(&mail);
    }
    ask(
        &mut browser,
        "/update-user",
        json!({ "name": format!("{} King", TRACES[0]) }),
    );
    ask(&mut browser, "/update-user", json!({ "name": TRACES[0] }));
    let mut second = browser.clone();
    second.cookies.clear();
    let email = address(app);
    ask(
        &mut second,
        "/sign-in/email",
        json!({ "email": email, "password": PASSWORD }),
    );
    ask(&mut second, "/request-password-reset", json!({ "email": email }));
    browser
}

/// The address the person has now.
fn address(app: &TestApp) -> String {
    let has = |address: &&str| {
        let email = Email::from_stored(*address);
        app.wait(app.store.users().find_by_email(&email))
            .unwrap()
            .is_some()
    };
    TRACES[1..3].iter().copied().find(has).unwrap().to_owned()
}

/// The tables and columns in which something of the person stands.
fn found_in_tables(app: &TestApp) -> Vec<String> {
    let Some(database) = app.database() else {
        return Vec::new();
    };
    app.wait(async {
        let connection = database.connection().await;
        let backend = connection.get_database_backend();
        let rows = async |query: String| {
            let statement = Statement::from_string(backend, query);
            connection.query_all_raw(statement).await.unwrap()
        };
        let columns = match backend {
            DbBackend::Postgres => {
                "SELECT table_name::text, column_name::text FROM information_schema.columns WHERE table_schema = current_schema()"
            }
            _ => {
                "SELECT m.name, p.name FROM sqlite_master m JOIN pragma_table_xinfo(m.name) p
                WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite%'"
            }
        };
        let mut found = Vec::new();
        for row in rows(columns.to_owned()).await {
            let (table, column): (String, String) =
                (row.try_get_by_index(0).unwrap(), row.try_get_by_index(1).unwrap());
            let conditions: Vec<_> = TRACES
                .iter()
                .map(|trace| match backend {
                    DbBackend::Postgres => format!(r#"position('{trace}' in "{column}"::text) > 0"#),
                    _ => format!(r#"instr(CAST("{column}" AS text), '{trace}') > 0"#),
                })
                .collect();
            let query = format!(r#"SELECT 1 FROM "{table}" WHERE {} LIMIT 1"#, conditions.join(" OR "));
            if !rows(query).await.is_empty() {
                found.push(format!("{table}.{column}"));
            }
        }
        connection.close().await.unwrap();
        found
    })
}

/// The traces in the files of SQLite: the database, its write-ahead log and the index of that.
fn found_in_files(app: &TestApp) -> Vec<(String, &'static str)> {
    let Some(path) = app
        .database()
        .and_then(|database| database.url().strip_prefix("sqlite://"))
    else {
        return Vec::new();
    };
    let path = PathBuf::from(path.split('?').next().unwrap());
    let mut found = Vec::new();
    for file in fs::read_dir(path.parent().unwrap()).unwrap() {
        let file = file.unwrap();
        let bytes = fs::read(file.path()).unwrap();
        for trace in TRACES {
            if bytes
                .windows(trace.len())
                .any(|window| window == trace.as_bytes())
            {
                found.push((file.file_name().to_string_lossy().into_owned(), trace));
            }
        }
    }
    found
}

fn dt_2_a_deletion_at_once_leaves_nothing_of_the_person(backend: Backend) {
    let app = TestApp::on_with(backend, Preset::Hardened, |setup| {
        setup.settings.delete_user.mode = DeletionMode::Hard;
    });
    let mut browser = person(&app);
    if backend != Backend::Memory {
        assert!(found_in_tables(&app).len() > 5, "{:?}", found_in_tables(&app));
    }
    let answer = browser.post("/delete-user", &json!({ "password": PASSWORD }));
    assert_eq!(answer.status, 200, "{}", answer.text);
    assert_eq!(found_in_tables(&app), [""; 0]);
    // The log of SQLite is emptied after the answer.
    let deadline = Instant::now() + Duration::from_secs(20);
    while !found_in_files(&app).is_empty() {
        assert!(Instant::now() < deadline, "{:?}", found_in_files(&app));
        thread::sleep(Duration::from_millis(20));
    }
}

fn dt_2_a_purge_after_the_retention_leaves_nothing_of_the_person(backend: Backend) {
    let app = TestApp::on(backend);
    let mut browser = person(&app);
    let answer = browser.post("/delete-user", &json!({ "password": PASSWORD }));
    assert_eq!(answer.status, 200, "{}", answer.text);
    let purge = || {
        let request = app.context.internal_request(Actor::System("purge_expired"));
        app.wait(PurgeExpired::new(app.context.clone()).run(&request))
            .unwrap()
    };
    app.clock.advance(TimeDelta::days(29));
    assert_eq!(purge().users, 0);
    if backend != Backend::Memory {
        let kept = found_in_tables(&app);
        let is_expected =
            |place: &String| place.starts_with("user.") || place == "doorward_audit_event.userAgent";
        assert!(kept.iter().all(is_expected), "{kept:?}");
        assert!(kept.contains(&"user.deletedEmail".to_owned()), "{kept:?}");
    }
    app.clock.advance(TimeDelta::days(2));
    assert_eq!(purge().users, 1);
    assert_eq!(found_in_tables(&app), [""; 0]);
    assert_eq!(found_in_files(&app), []);
}

doorward_testing::on_every_backend!(
    dt_2_a_deletion_at_once_leaves_nothing_of_the_person,
    dt_2_a_purge_after_the_retention_leaves_nothing_of_the_person,
);

#[test]
fn dt_2_a_deletion_leaves_nothing_in_memory_either() {
    let store = Arc::new(MemoryStore::new());
    let kept = store.clone();
    let app = TestApp::with(Preset::Hardened, |setup| {
        setup.settings.delete_user.mode = DeletionMode::Hard;
        setup.store = kept;
    });
    let mut browser = person(&app);
    assert_eq!(
        browser
            .post("/delete-user", &json!({ "password": PASSWORD }))
            .status,
        200
    );
    let left = format!("{:?}", store.snapshot());
    for trace in TRACES {
        assert!(!left.contains(trace), "{trace}");
    }
    assert_eq!(store.snapshot().verifications, [], "no link is left");
}
