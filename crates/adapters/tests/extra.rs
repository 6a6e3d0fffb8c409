//! Columns that an application adds.

use std::sync::Arc;

use doorward_adapters::sea_orm::{ExtraColumns, SeaStore};
use doorward_domain::Store;
use doorward_domain::fields::{FieldChanges, FieldKind, FieldValue, FieldValues};
use doorward_domain::session::SessionToken;
use doorward_domain::user::{ProfileChange, User};
use doorward_testing::TestDatabase;
use doorward_testing::samples::{self, at, now};
use sea_orm::{ConnectionTrait, DbBackend};

fn columns() -> ExtraColumns {
    let all = [
        ("nickname", FieldKind::Text),
        ("points", FieldKind::Number),
        ("newsletter", FieldKind::Bool),
        ("since", FieldKind::DateTime),
    ];
    ExtraColumns {
        user: all.map(|(name, kind)| (name.to_owned(), kind)).into(),
        session: vec![("theme".to_owned(), FieldKind::Text)],
    }
}

fn values(nickname: &str) -> FieldValues {
    FieldValues::from([
        ("nickname".to_owned(), FieldValue::Text(nickname.to_owned())),
        ("points".to_owned(), FieldValue::Number(-7)),
        ("newsletter".to_owned(), FieldValue::Bool(true)),
        ("since".to_owned(), FieldValue::DateTime(now())),
    ])
}

async fn databases() -> Vec<TestDatabase> {
    let both = [Some(TestDatabase::sqlite()), TestDatabase::postgres().await];
    both.into_iter().flatten().collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_kind_is_kept_and_found_wherever_users_and_sessions_are_read() {
    for test in databases().await {
        let store = SeaStore::new(test.connection().await).with_extra(columns());
        let lacking = store.pending().await.unwrap();
        assert!(lacking.contains(&"user.points".to_owned()), "{lacking:?}");
        let made = store.migrate().await.unwrap();
        assert_eq!(made, lacking);
        assert_eq!(store.pending().await.unwrap(), [""; 0]);
        assert!(
            made.contains(&"user.nickname".to_owned()) && made.contains(&"session.theme".to_owned()),
            "{made:?}"
        );
        assert_eq!(store.migrate().await.unwrap(), [""; 0]);
        let store: Arc<dyn Store> = Arc::new(store);
        let ada = User {
            extra: values("Countess'; DROP TABLE \"user\"; --"),
            ..samples::user("ada")
        };
        store.users().insert(&ada).await.unwrap();
        let bare = samples::user("bare");
        store.users().insert(&bare).await.unwrap();
        assert_eq!(store.users().find(&ada.id).await.unwrap(), Some(ada.clone()));
        assert_eq!(
            store.users().find_by_email(&bare.email).await.unwrap(),
            Some(bare.clone())
        );

        let mut session = samples::session(&ada, "token");
        session.extra = FieldValues::from([("theme".to_owned(), FieldValue::Text("dark".to_owned()))]);
        store.sessions().insert(&session).await.unwrap();
        let token = SessionToken::parse("token").unwrap();
        let found = store.sessions().find_with_user(&token).await.unwrap();
        assert_eq!(found, Some((session.clone(), ada.clone())));

        let change = ProfileChange {
            extra: FieldChanges::from([
                ("nickname".to_owned(), None),
                ("points".to_owned(), Some(FieldValue::Number(8))),
            ]),
            ..ProfileChange::default()
        };
        let expected = doorward_domain::user::UserChange::from(change.clone()).applied_to(ada.clone(), at(1));
        let changed = store
            .users()
            .update(&ada.id, &change.into(), at(1))
            .await
            .unwrap();
        assert_eq!((changed.as_ref(), expected.extra.len()), (Some(&expected), 3));

        let light = FieldChanges::from([("theme".to_owned(), Some(FieldValue::Text("light".to_owned())))]);
        assert!(
            store
                .sessions()
                .update_extra(&session.id, &light, at(2))
                .await
                .unwrap()
                .is_applied()
        );
        let listed = store.sessions().list_live(&ada.id, now()).await.unwrap();
        assert_eq!(listed[0].extra["theme"], FieldValue::Text("light".to_owned()));
        assert!(
            !store
                .sessions()
                .update_extra(&doorward_domain::SessionId::from_stored("x"), &light, at(2))
                .await
                .unwrap()
                .is_applied()
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mandatory_column_that_others_made_is_filled() {
    for test in databases().await {
        let connection = test.connection().await;
        let date = if connection.get_database_backend() == DbBackend::Sqlite {
            "date"
        } else {
            "timestamptz"
        };
        let table = format!(
            r#"CREATE TABLE "user" ("id" text NOT NULL PRIMARY KEY, "name" text NOT NULL, "email" text NOT NULL UNIQUE,
                "emailVerified" boolean NOT NULL, "image" text, "createdAt" {date} NOT NULL, "updatedAt" {date} NOT NULL,
                "nickname" text NOT NULL, "points" integer NOT NULL)"#
        );
        connection.execute_unprepared(&table).await.unwrap();
        let store = SeaStore::new(connection).with_extra(columns());
        store.migrate().await.unwrap();
        let store: &dyn Store = &store;
        let ada = User {
            extra: values("Countess"),
            ..samples::user("ada")
        };
        store.users().insert(&ada).await.unwrap();
        assert_eq!(store.users().find(&ada.id).await.unwrap(), Some(ada));
    }
}
