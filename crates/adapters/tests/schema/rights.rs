//! What a role of PostgreSQL is told that may not do what has to be done.

use doorward_adapters::sea_orm::schema::{Changes, SchemaCheck};
use doorward_adapters::sea_orm::{ExtraColumns, SeaStore};
use doorward_domain::fields::FieldKind;
use doorward_testing::TestDatabase;
use sea_orm::{Database, DatabaseConnection, DbBackend};

use super::{better_auth, findings, labels, run, text};

/// A role that may do nothing, until `end` removes it.
struct Restricted<'a> {
    owner: &'a DatabaseConnection,
    role: String,
}

impl<'a> Restricted<'a> {
    async fn begin(owner: &'a DatabaseConnection, kind: &str) -> Self {
        let role = format!("{kind}_{}", std::process::id());
        run(
            owner,
            &format!("CREATE ROLE {role}; REVOKE CREATE ON SCHEMA public FROM PUBLIC"),
        )
        .await;
        Self { owner, role }
    }

    /// Connections as the role. It is part of their URL, so that no connection of the owner, which its pool may open
    /// anew at any time, has it too.
    async fn connection(&self, test: &TestDatabase) -> DatabaseConnection {
        let mut url = url::Url::parse(test.url()).unwrap();
        url.query_pairs_mut().append_pair("options[role]", &self.role);
        Database::connect(url.as_str()).await.unwrap()
    }

    async fn end(self) {
        let role = self.role;
        run(self.owner, &format!("DROP OWNED BY {role}; DROP ROLE {role}")).await;
    }
}

#[tokio::test]
async fn h11_a_role_without_a_right_is_told_which() {
    let Some(test) = TestDatabase::postgres().await else {
        return;
    };
    let owner = test.connection().await;
    SeaStore::new(owner.clone()).migrate().await.unwrap();
    let restricted = Restricted::begin(&owner, "reader").await;
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
    let restricted = Restricted::begin(&owner, "writer").await;
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
