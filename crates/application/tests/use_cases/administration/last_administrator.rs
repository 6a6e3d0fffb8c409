//! Somebody is always left to administer the others (AC-5).

use doorward_application::access::{AdminDeleteUser, AdminError, AdminUpdateUser, RoleInput};
use doorward_application::profile::{DeleteUser, DeleteUserError, DeleteUserInput};
use doorward_domain::account::Account;
use doorward_domain::user::{Ban, User, UserChange};
use doorward_domain::{Locked, Repositories};
use doorward_testing::{Mocks, samples};
use samples::at;

use super::super::World;
use super::{add, ban, id, operator, role, settings};

/// What another administrator may be like.
#[derive(Clone, Copy, Debug)]
enum Other {
    Absent,
    Banned,
    Unverified,
    Deleted,
    NoAccount,
    NoPassword,
    ForeignAccount,
    OnceBanned,
    Active,
}

impl Other {
    const ALL: [Self; 9] = [
        Self::Absent,
        Self::Banned,
        Self::Unverified,
        Self::Deleted,
        Self::NoAccount,
        Self::NoPassword,
        Self::ForeignAccount,
        Self::OnceBanned,
        Self::Active,
    ];

    const fn administers(self) -> bool {
        matches!(self, Self::ForeignAccount | Self::OnceBanned | Self::Active)
    }

    async fn add(self, world: &World) {
        let other = User {
            role: Some(role("admin")),
            email_verified: true,
            ..samples::user("other")
        };
        let other = match self {
            Self::Absent => return,
            Self::Active => other,
            Self::NoAccount | Self::NoPassword | Self::ForeignAccount => {
                world.store.users().insert(&other).await.unwrap();
                let account = match self {
                    Self::NoPassword => Account {
                        password: None,
                        ..samples::credential(&other, "hash")
                    },
                    Self::ForeignAccount => samples::linked(&other, "google"),
                    _ => return,
                };
                world.store.accounts().insert(&account).await.unwrap();
                return;
            }
            Self::Banned => User {
                ban: Ban::of("spam".to_owned(), None),
                ..other
            },
            Self::OnceBanned => User {
                ban: Ban::of("spam".to_owned(), Some(at(0))),
                ..other
            },
            Self::Unverified => User {
                email_verified: false,
                ..other
            },
            Self::Deleted => other.deleted(at(0)),
        };
        world.add(other).await;
    }
}

async fn world(other: Other) -> World {
    let mut settings = settings();
    settings.email_and_password.require_email_verification = true;
    settings.delete_user.enabled = true;
    let world = World::new(settings);
    add(&world, "ada", "admin").await;
    other.add(&world).await;
    world
}

/// Only those count who could sign in.
#[tokio::test]
async fn ac_5_the_last_administrator_who_can_sign_in_stays() {
    for other in Other::ALL {
        for act in 0..3 {
            let world = world(other).await;
            let before = world.snapshot();
            let context = world.context.clone();
            let input = RoleInput {
                user: id("ada"),
                role: role("user"),
            };
            let outcome = match act {
                0 => AdminDeleteUser::new(context).run(&operator(), &id("ada")).await,
                1 => AdminUpdateUser::new(context)
                    .ban(&operator(), ban("ada"))
                    .await
                    .map(drop),
                _ => AdminUpdateUser::new(context)
                    .set_role(&operator(), input)
                    .await
                    .map(drop),
            };
            if other.administers() {
                assert!(outcome.is_ok(), "{other:?} {act} {outcome:?}");
                assert!(world.snapshot() != before);
            } else {
                assert!(
                    matches!(outcome, Err(AdminError::LastAdministrator)),
                    "{other:?} {act} {outcome:?}"
                );
                assert!(world.snapshot() == before, "{other:?} {act}");
            }
        }
    }
}

/// Who looks at a user before locking them may be told by a row that is out of date. Nothing but the lock is asked: the mocks
/// refuse to be asked for anything else.
#[tokio::test]
async fn ac_5_who_is_the_last_administrator_is_told_by_locked_rows_only() {
    let ada = User {
        role: Some(role("admin")),
        ..samples::user("ada")
    };
    for act in 0..3 {
        let mut mocks = Mocks::default();
        mocks.store.transactions = 1;
        let locked = ada.clone();
        mocks
            .store
            .users
            .expect_lock_with_administrators()
            .once()
            .withf(|ids, who| ids == [id("ada")] && who.roles == ["admin"])
            .returning(move |_, _| Ok(vec![Locked::by_store(locked.clone())]));
        let (context, commits) = mocks.context(settings());
        let outcome = match act {
            0 => AdminDeleteUser::new(context).run(&operator(), &ada.id).await,
            1 => AdminUpdateUser::new(context)
                .ban(&operator(), ban("ada"))
                .await
                .map(drop),
            _ => {
                let input = RoleInput {
                    user: ada.id.clone(),
                    role: role("user"),
                };
                AdminUpdateUser::new(context)
                    .set_role(&operator(), input)
                    .await
                    .map(drop)
            }
        };
        assert!(
            matches!(outcome, Err(AdminError::LastAdministrator)),
            "{act} {outcome:?}"
        );
        assert_eq!(commits.count(), 0);
    }
}

#[tokio::test]
async fn ac_5_the_last_administrator_does_not_leave_either() {
    for other in [Other::Banned, Other::Active] {
        let world = world(other).await;
        let ada = world.user("ada").unwrap();
        let request = world.signed_in(&ada, "alpha").await;
        let input = DeleteUserInput {
            password: None,
            token: None,
            callback: None,
        };
        let outcome = DeleteUser::new(world.context.clone()).run(&request, input).await;
        let refused = matches!(outcome, Err(DeleteUserError::LastAdministrator));
        assert_eq!(refused, !other.administers(), "{other:?} {outcome:?}");
        let left = world.user("ada").unwrap().deleted_at.is_none();
        assert_eq!(left, refused);
    }
}

/// Whoever has to verify a new address before signing in again is locked out until then.
#[tokio::test]
async fn ac_5_the_last_administrator_is_not_locked_out_by_an_unverified_address() {
    let moved = UserChange {
        email: Some(samples::email("moved")),
        ..UserChange::default()
    };
    let unverified = UserChange {
        email_verified: Some(false),
        ..UserChange::default()
    };
    let verified = UserChange {
        email_verified: Some(true),
        ..moved.clone()
    };
    for other in [Other::Unverified, Other::Active] {
        for (change, locks_out) in [(&moved, true), (&unverified, true), (&verified, false)] {
            let world = world(other).await;
            let before = world.snapshot();
            let outcome = AdminUpdateUser::new(world.context.clone())
                .run(&operator(), &id("ada"), change.clone())
                .await;
            if locks_out && !other.administers() {
                assert!(
                    matches!(outcome, Err(AdminError::LastAdministrator)),
                    "{other:?} {outcome:?}"
                );
                assert!(world.snapshot() == before);
            } else {
                assert!(outcome.is_ok(), "{other:?} {outcome:?}");
            }
        }
    }
}

/// Who cannot sign in as it is can still be given another name, or the address that helps.
#[tokio::test]
async fn a_last_administrator_who_is_locked_out_already_can_be_changed() {
    let world = world(Other::Absent).await;
    let (ada, typo) = (world.user("ada").unwrap(), samples::email("typo"));
    let users = world.store.users();
    let moved = users.change_email(&ada.id, &ada.email, &typo, false, at(0)).await;
    assert!(moved.unwrap().is_applied());
    let change = UserChange {
        email: Some(samples::email("ada")),
        ..UserChange::default()
    };
    let update = AdminUpdateUser::new(world.context.clone());
    let changed = update.run(&operator(), &id("ada"), change).await.unwrap();
    assert_eq!(changed.email, samples::email("ada"));
}

/// What takes no rights away is done to the last administrator as to everybody.
#[tokio::test]
async fn the_last_administrator_keeps_the_role_among_others() {
    let world = world(Other::Absent).await;
    let input = RoleInput {
        user: id("ada"),
        role: role("user,admin"),
    };
    let outcome = AdminUpdateUser::new(world.context.clone())
        .set_role(&operator(), input)
        .await;
    assert_eq!(outcome.unwrap().role, Some(role("user,admin")));
}
