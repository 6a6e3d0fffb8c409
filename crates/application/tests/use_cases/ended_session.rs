//! The session of a request may end between reading it and writing: by a reset of the password, a ban, a revocation. Nothing
//! is written for it then.

use chrono::TimeDelta;
use doorward_application::account::{UnlinkAccount, UnlinkError};
use doorward_application::password::{
    ChangePassword, ChangePasswordError, ChangePasswordInput, ResetPassword,
};
use doorward_application::profile::{
    ChangeEmail, ChangeEmailError, DeleteUser, DeleteUserError, DeleteUserInput, UpdateUser, UpdateUserError,
};
use doorward_application::session::{RevokeSession, RevokeSessions, UpdateSession};
use doorward_application::settings::Settings;
use doorward_application::verification::{SendVerificationEmail, SendVerificationError};
use doorward_application::{Context, RequestError};
use doorward_domain::email::EmailKind;
use doorward_domain::password::Password;
use doorward_domain::session::{Lifetime, Session, SessionHandle};
use doorward_domain::user::{Email, ProfileChange, RoleList, User, UserChange, UserName};
use doorward_domain::verification::Purpose;
use doorward_domain::{AccountId, Repositories, RequestContext, UserId};
use doorward_testing::{PASSWORD, samples};
use samples::at;

use super::{World, hardened};

const NEW: &str = "another staple of horses";

/// What users do with what is theirs.
#[derive(Clone, Copy, Debug)]
enum Act {
    ChangeEmail,
    ChangeEmailAtOnce,
    ChangePassword,
    Delete,
    DeleteByPassword,
    DeleteByLink,
    AskForDeletion,
    Unlink,
    UpdateUser,
    UpdateSession,
    RevokeSession,
    RevokeSessions,
    SendVerification,
}

impl Act {
    const ALL: [Self; 13] = [
        Self::ChangeEmail,
        Self::ChangeEmailAtOnce,
        Self::ChangePassword,
        Self::Delete,
        Self::DeleteByPassword,
        Self::DeleteByLink,
        Self::AskForDeletion,
        Self::Unlink,
        Self::UpdateUser,
        Self::UpdateSession,
        Self::RevokeSession,
        Self::RevokeSessions,
        Self::SendVerification,
    ];

    fn settings(self) -> Settings {
        let mut settings = hardened();
        settings.admin.enabled = true;
        settings.email_verification.send_verification_email = true;
        settings.change_email.enabled = true;
        settings.change_email.update_email_without_verification = matches!(self, Self::ChangeEmailAtOnce);
        settings.delete_user.enabled = true;
        settings.delete_user.send_delete_account_verification = matches!(self, Self::AskForDeletion);
        settings.session.fresh_age = TimeDelta::zero();
        settings.security.rotate_session_on_password_change = false;
        settings
    }

    /// Does it. Answers whether the caller was signed in.
    async fn run(self, context: Context, request: &RequestContext) -> bool {
        let new_email = Email::parse("new@example.test").unwrap();
        match self {
            Self::ChangeEmail | Self::ChangeEmailAtOnce => {
                let outcome = ChangeEmail::new(context).run(request, new_email, None).await;
                !matches!(outcome.map(drop), Err(ChangeEmailError::NotSignedIn(_)))
            }
            Self::ChangePassword => {
                let input = ChangePasswordInput {
                    current: Password::new(PASSWORD),
                    new: Password::new(NEW),
                    revoke_other_sessions: false,
                    lifetime: Lifetime::Remembered,
                };
                let outcome = ChangePassword::new(context).run(request, input).await;
                !matches!(outcome.map(drop), Err(ChangePasswordError::NotSignedIn(_)))
            }
            Self::Delete | Self::DeleteByPassword | Self::DeleteByLink | Self::AskForDeletion => {
                let input = DeleteUserInput {
                    password: matches!(self, Self::DeleteByPassword).then(|| Password::new(PASSWORD)),
                    token: matches!(self, Self::DeleteByLink).then_some("link"),
                    callback: None,
                };
                let outcome = DeleteUser::new(context).run(request, input).await;
                !matches!(outcome.map(drop), Err(DeleteUserError::NotSignedIn(_)))
            }
            Self::Unlink => {
                let account = AccountId::from_stored("github-ada");
                let outcome = UnlinkAccount::new(context).run(request, &account).await;
                !matches!(outcome, Err(UnlinkError::NotSignedIn(_)))
            }
            Self::UpdateUser => {
                let change = ProfileChange {
                    name: Some(UserName::from_stored("Countess")),
                    ..ProfileChange::default()
                };
                let outcome = UpdateUser::new(context).run(request, &change).await;
                !matches!(outcome.map(drop), Err(UpdateUserError::NotSignedIn(_)))
            }
            Self::UpdateSession => {
                let outcome = UpdateSession::new(context).run(request, &[].into()).await;
                !matches!(outcome.map(drop), Err(RequestError::NotSignedIn(_)))
            }
            Self::RevokeSession => {
                let handle = SessionHandle::new("session-elsewhere");
                let outcome = RevokeSession::new(context).run(request, &handle).await;
                !matches!(outcome.map(drop), Err(RequestError::NotSignedIn(_)))
            }
            Self::RevokeSessions => {
                let outcome = RevokeSessions::new(context).run(request, None).await;
                !matches!(outcome, Err(RequestError::NotSignedIn(_)))
            }
            Self::SendVerification => {
                let send = SendVerificationEmail::new(context);
                let outcome = send.for_user(request, &samples::email("ada"), None).await;
                !matches!(outcome, Err(SendVerificationError::NotSignedIn(_)))
            }
        }
    }
}

/// Ada, signed in here and elsewhere, with two accounts and a link that deletes her; Grace, whose session another one is; and
/// Root, who administers.
async fn world(act: Act) -> (World, User, User) {
    let world = World::new(act.settings());
    let ada = world.add_user("ada").await;
    let root = User {
        role: Some(RoleList::from_stored("admin")),
        ..samples::user("root")
    };
    let root = world.add(root).await;
    let github = samples::linked(&ada, "github");
    world.store.accounts().insert(&github).await.unwrap();
    let link = samples::verification(&samples::key(Purpose::DeleteAccount, "link"), &ada);
    world.store.verifications().insert(&link).await.unwrap();
    world.signed_in(&root, "root").await;
    (world, ada, root)
}

/// How a session ends.
#[derive(Clone, Copy, Debug)]
enum End {
    Revoked,
    AllRevoked,
    Expired,
}

impl End {
    async fn happen(self, world: &World, request: &RequestContext) {
        let session = &request.signed_in().unwrap().session;
        match self {
            Self::Revoked => assert!(
                world
                    .store
                    .sessions()
                    .delete(&session.id)
                    .await
                    .unwrap()
                    .is_removed()
            ),
            Self::AllRevoked => {
                let sessions = world.store.sessions();
                assert!(sessions.delete_all(&session.user_id, None).await.unwrap() > 0);
            }
            Self::Expired => world.clock.advance(TimeDelta::seconds(3600)),
        }
    }
}

#[tokio::test]
async fn se_5_nothing_is_written_for_a_session_that_ended_meanwhile() {
    for act in Act::ALL {
        for end in [End::Revoked, End::AllRevoked, End::Expired] {
            if matches!((act, end), (Act::DeleteByLink, End::Expired)) {
                // The link has expired by then, too.
                continue;
            }
            let (world, ada, _) = world(act).await;
            world.signed_in(&ada, "elsewhere").await;
            let request = world.signed_in(&ada, "alpha").await;
            end.happen(&world, &request).await;
            let before = world.snapshot();
            let signed_in = act.run(world.context.clone(), &request).await;
            assert!(!signed_in, "{act:?} {end:?}");
            assert!(world.snapshot() == before, "{act:?} {end:?}");
        }
    }
}

/// The same requests write something as long as the session is there.
#[tokio::test]
async fn a_session_that_is_there_writes() {
    for act in Act::ALL {
        let (world, ada, _) = world(act).await;
        world.signed_in(&ada, "elsewhere").await;
        let request = world.signed_in(&ada, "alpha").await;
        let before = world.snapshot();
        assert!(act.run(world.context.clone(), &request).await, "{act:?}");
        assert!(world.snapshot() != before, "{act:?}");
    }
}

/// An impersonation is the administrator's as much as the user's.
#[tokio::test]
async fn ac_6_an_impersonation_whose_administrator_may_not_impersonate_any_more_writes_nothing() {
    for act in Act::ALL {
        for demoted in [false, true] {
            let (world, ada, root) = world(act).await;
            world.signed_in(&ada, "elsewhere").await;
            let session = Session {
                impersonated_by: Some(root.id.clone()),
                ..samples::session(&ada, "impersonation")
            };
            let request = world.with_session(&ada, session, "impersonation").await;
            if demoted {
                set_role(&world, &root.id, "user").await;
            }
            let before = world.snapshot();
            let signed_in = act.run(world.context.clone(), &request).await;
            assert_eq!(signed_in, !demoted, "{act:?}");
            assert_eq!(world.snapshot() == before, demoted, "{act:?}");
        }
    }
}

async fn set_role(world: &World, user: &UserId, role: &str) {
    let change = UserChange {
        role: Some(RoleList::from_stored(role)),
        ..UserChange::default()
    };
    world
        .store
        .users()
        .update(user, &change, at(0))
        .await
        .unwrap()
        .unwrap();
}

/// Whoever has a stolen session asks for another address; the user resets the password before that is written.
#[tokio::test]
async fn tk_5_no_link_is_mailed_for_a_session_that_a_reset_ended() {
    let (world, ada, _) = world(Act::ChangeEmail).await;
    let stolen = world.signed_in(&ada, "stolen").await;
    let link = samples::verification(&samples::key(Purpose::ResetPassword, "reset"), &ada);
    world.store.verifications().insert(&link).await.unwrap();
    ResetPassword::new(world.context.clone())
        .run(&samples::request(), "reset", &Password::new(NEW))
        .await
        .unwrap();
    let signed_in = Act::ChangeEmail.run(world.context.clone(), &stolen).await;
    assert!(!signed_in);
    assert_eq!(world.links(), []);
    let mut emails = world.emails().await.into_iter();
    assert!(emails.all(|email| matches!(email.kind, EmailKind::PasswordChanged { .. })));
}
