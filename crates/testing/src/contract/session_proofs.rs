//! Promises about what a session says of its sign-in.

use std::sync::Arc;

use doorward_domain::Store;
use doorward_domain::session::{AuthMethod, Authentication, Lifetime, Session};

use super::add_user;
use super::sessions::{add, token};
use crate::samples::{self, at};

/// How and when a user authenticated, and whether the session ends with the browser, stands in the row.
pub async fn se_8_what_a_session_was_proven_by_is_kept(store: Arc<dyn Store>) {
    let ada = add_user(&store, "ada").await;
    let several = vec![
        AuthMethod::Password,
        AuthMethod::EmailLink,
        AuthMethod::Other("hwk".to_owned()),
    ];
    for (number, (methods, lifetime)) in [
        (Vec::new(), None),
        (vec![AuthMethod::Password], Some(Lifetime::Remembered)),
        (vec![AuthMethod::EmailLink], Some(Lifetime::BrowserSession)),
        (several, Some(Lifetime::Remembered)),
    ]
    .into_iter()
    .enumerate()
    {
        let name = format!("proven-{number}");
        let written = Session {
            authentication: Authentication { methods, at: at(-77) },
            lifetime,
            ..samples::session(&ada, &name)
        };
        let session = add(&store, written).await;
        let (found, _) = store
            .sessions()
            .find_with_user(&token(&name))
            .await
            .unwrap()
            .unwrap();
        assert_eq!(found, session);
        assert!(
            store
                .sessions()
                .list_all(&ada.id)
                .await
                .unwrap()
                .contains(&session)
        );
        let tx = store.begin(&samples::request()).await.unwrap();
        let locked = tx.sessions().lock(&session.id).await.unwrap().unwrap();
        assert_eq!(*locked, session);
        drop(tx);
    }
}
