//! What a role of PostgreSQL is told that may not do what has to be done.

use doorward_adapters::sea_orm::schema::{Changes, SchemaCheck};
use doorward_adapters::sea_orm::{ExtraColumns, SeaStore};
use doorward_domain::fields::FieldKind;
use doorward_testing::TestDatabase;
use sea_orm::{DatabaseConnection, DbBackend};

use super::{better_auth, findings, labels, run, text};

/// A role that may do nothing, until `end` gives the database back.
struct Restricted<'a> {
    owner: &'a DatabaseConnection,
    name: &'a str,
    role: String,
}

impl<'a> Restricted<'a> {
    async fn begin(owner: &'a DatabaseConnection, test: &'a TestDatabase, kind: &str) -> Self {
        let (name, role) = (name_of(test), format!("{kind}_{}", std::process::id()));
        run(
            owner,
            &format!("CREATE ROLE {role}; REVOKE CREATE ON SCHEMA public FROM PUBLIC"),
        )
        .await;
        Self { owner, name, role }
    }

    /// A connection as the role. The pool may have more connections than one: the role is set for all of the database.
    async fn connection(&self, test: &TestDatabase) -> DatabaseConnection {
        let set = format!(
            "ALTER ROLE CURRENT_USER IN DATABASE {} SET role = {}",
            self.name, self.role
        );
        run(self.owner, &set).await;
        let connection = test.connection().await;
        // Each pool connection is opened with it; those of the owner are open already.
        connection.ping().await.unwrap();
        connection
    }

    async fn end(self) {
        let (name, role) = (self.name, self.role);
        let script = format!(
            "ALTER ROLE CURRENT_USER IN DATABASE {name} RESET role; DROP OWNED BY {role}; DROP ROLE {role}"
        );
        run(self.owner, &script).await;
    }
}

fn name_of(test: &TestDatabase) -> &str {
    test.url().rsplit('/').next().unwrap()
}

#[tokio::test]
async fn h11_a_role_without_a_right_is_told_which() {
    let Some(test) = TestDatabase::postgres().await else {
        return;
    };
    let owner = test.connection().await;
    SeaStore::new(owner.clone()).migrate().await.unwrap();
    let restricted = Restricted::begin(&owner, &test, "reader").await;
    let role = restricted.role.clone();
    run(
        &owner,
        &format!("GRANT SELECT ON ALL TABLES IN SCHEMA public TO {role}"),
    )
    .await;
    let reader = restricted.connection(&test).await;
    let found = findings(&reader).await;
    reader.close().await.unwrap();
    restricted.end().await;
    let user = found.iter().find(|finding| finding.table == "user").unwrap();
    assert_eq!(user.found, format!("no right to INSERT for the role {role}"));
    assert_eq!(user.remedy, format!(r#"GRANT INSERT ON "user" TO "{role}""#));
    assert!(
        !found.iter().any(|finding| finding.table == "doorward_migration"),
        "{found:?}"
    );
}

#[tokio::test]
async fn a_role_that_may_not_change_tables_is_told_what_it_lacks_before_it_changes_any() {
    let Some(test) = TestDatabase::postgres().await else {
        return;
    };
    let owner = test.connection().await;
    run(&owner, &better_auth(DbBackend::Postgres)).await;
    let restricted = Restricted::begin(&owner, &test, "writer").await;
    let role = restricted.role.clone();
    run(
        &owner,
        &format!("GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {role}"),
    )
    .await;
    let writer = restricted.connection(&test).await;
    let found = findings(&writer).await;
    let expected = [
        "account: the owner root".to_owned(),
        "session: the owner root".to_owned(),
        "user: the owner root".to_owned(),
        "verification: the owner root".to_owned(),
        format!("schema public: no right to CREATE for the role {role}"),
    ];
    let user = text(&owner, "SELECT session_user::text").await;
    let expected = expected.map(|line| line.replace("root", &user));
    assert_eq!(labels(&found), expected);
    assert_eq!(
        found[2].remedy,
        format!(r#"ALTER TABLE "user" OWNER TO "{role}", or run `doorward migrate` once as {user}"#)
    );
    assert_eq!(
        found[4].remedy,
        format!(r#"GRANT USAGE, CREATE ON SCHEMA "public" TO "{role}""#)
    );
    // Who only serves needs none of it, and a schema that is up to date asks for none.
    let extra = ExtraColumns::default();
    let serving = SchemaCheck {
        extra: &extra,
        changes: Changes::Nothing,
    };
    assert_eq!(serving.look(&writer).await.unwrap().findings, []);
    // The remedies are what it takes.
    for finding in &found {
        let remedy = finding.remedy.split(", or run").next().unwrap();
        run(&owner, remedy).await;
    }
    assert_eq!(findings(&writer).await, []);
    SeaStore::new(writer.clone()).migrate().await.unwrap();
    run(&owner, &format!("REVOKE CREATE ON SCHEMA public FROM {role}")).await;
    run(
        &owner,
        &format!(r#"ALTER TABLE "user" OWNER TO "{user}"; GRANT ALL ON "user" TO {role}"#),
    )
    .await;
    assert_eq!(findings(&writer).await, [], "nothing is missing");
    let declared = ExtraColumns {
        user: vec![("plan".to_owned(), FieldKind::Text)],
        session: Vec::new(),
    };
    let check = SchemaCheck {
        extra: &declared,
        changes: Changes::Missing,
    };
    let found = check.look(&writer).await.unwrap().findings;
    assert_eq!(
        labels(&found),
        [format!("user: the owner {user}")],
        "it has to add one"
    );
    writer.close().await.unwrap();
    restricted.end().await;
}
