//! Columns that Better Auth, running beside, adds while Doorward serves, and values that another ORM wrote into them.

use doorward_adapters::sea_orm::SeaStore;
use doorward_adapters::sea_orm::schema::enrolled_second_factors;
use doorward_domain::Repositories;
use doorward_testing::samples;
use sea_orm::DbBackend;

use super::{databases, run, text};

/// As sign-in asks and as the start counts, whatever type the column has.
#[tokio::test]
async fn a_second_factor_counts_in_every_form_the_column_may_have() {
    let forms = [
        ("text", "'true'", "'false'"),
        ("text", "'1'", "'0'"),
        ("integer", "1", "0"),
        ("boolean", "true", "false"),
    ];
    for (kind, on, off) in forms {
        for test in databases().await {
            let database = test.connection().await;
            let store = SeaStore::new(database.clone());
            store.migrate().await.unwrap();
            for name in ["on", "off", "unset"] {
                store.users().insert(&samples::user(name)).await.unwrap();
            }
            run(
                &database,
                &format!(r#"ALTER TABLE "user" ADD COLUMN "twoFactorEnabled" {kind}"#),
            )
            .await;
            for (name, value) in [("on", on), ("off", off)] {
                let id = samples::user(name).id;
                let set = format!(r#"UPDATE "user" SET "twoFactorEnabled" = {value} WHERE "id" = '{id}'"#);
                run(&database, &set).await;
            }
            for (name, expected) in [("on", true), ("off", false), ("unset", false)] {
                let found = store.users().has_second_factor(&samples::user(name).id).await;
                assert_eq!(found.unwrap(), expected, "{kind} {name} {on}");
            }
            assert_eq!(
                enrolled_second_factors(&database).await.unwrap(),
                Some(1),
                "{kind} {on}"
            );
        }
    }
}

/// What was not there at the first sign-in may be there at the next one.
#[tokio::test]
async fn columns_that_come_later_are_seen() {
    for test in databases().await {
        let database = test.connection().await;
        let store = SeaStore::new(database.clone());
        store.migrate().await.unwrap();
        let ada = samples::user("ada");
        store.users().insert(&ada).await.unwrap();
        assert!(!store.users().has_second_factor(&ada.id).await.unwrap());
        let first = samples::credential(&ada, "hash");
        store.accounts().insert(&first).await.unwrap();
        let (flag, on) = match database.get_database_backend() {
            DbBackend::Sqlite => ("integer", "1"),
            _ => ("boolean", "true"),
        };
        let add = format!(
            r#"ALTER TABLE "user" ADD COLUMN "twoFactorEnabled" {flag};
            UPDATE "user" SET "twoFactorEnabled" = {on};
            DELETE FROM "account";
            ALTER TABLE "account" ADD COLUMN "issuer" text"#
        );
        run(&database, &add).await;
        assert!(store.users().has_second_factor(&ada.id).await.unwrap());
        store.accounts().insert(&first).await.unwrap();
        let issuer = text(&database, r#"SELECT coalesce("issuer", 'none') FROM "account""#).await;
        assert_eq!(issuer, "local:credential");
    }
}
