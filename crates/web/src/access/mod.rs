//! Who may do what, over HTTP: guards for any route, and the endpoints of administrators.

mod bans;
pub mod codes;
mod cursor;
mod guard;
mod impersonation;
mod list;
mod permissions;
mod removal;
mod require;
mod sessions;
mod set_up;
mod users;

use actix_web::web::Data;
use doorward_application::Context;
use doorward_application::access::{
    AdminCreateUser, AdminDeleteUser, AdminUpdateUser, CheckPermission, ExplainDecision, Impersonate,
    ListUsers, RestoreUser, SetUp, SetUserPassword, StopImpersonating, UserSessions,
};
use utoipa_actix_web::service_config::ServiceConfig;

pub(crate) use codes::LAST_ADMINISTRATOR;
pub use guard::{Authorized, CurrentUser, Requires};
pub use require::{RequirePermission, RequireRole};

use crate::{ErrorCode, Module};

/// The endpoints of administrators, as Better Auth's admin plugin has them, and a few more.
pub(crate) struct AdminModule {
    add: Data<AdminCreateUser>,
    find: Data<ListUsers>,
    change: Data<AdminUpdateUser>,
    remove: Data<AdminDeleteUser>,
    restore: Data<RestoreUser>,
    sessions: Data<UserSessions>,
    set_password: Data<SetUserPassword>,
    impersonate: Data<Impersonate>,
    stop: Data<StopImpersonating>,
    ask: Data<CheckPermission>,
    explain: Data<ExplainDecision>,
    set_up: Data<SetUp>,
}

impl AdminModule {
    /// The feature in this context.
    pub(crate) fn new(context: &Context) -> Self {
        Self {
            add: Data::new(AdminCreateUser::new(context.clone())),
            find: Data::new(ListUsers::new(context.clone())),
            change: Data::new(AdminUpdateUser::new(context.clone())),
            remove: Data::new(AdminDeleteUser::new(context.clone())),
            restore: Data::new(RestoreUser::new(context.clone())),
            sessions: Data::new(UserSessions::new(context.clone())),
            set_password: Data::new(SetUserPassword::new(context.clone())),
            impersonate: Data::new(Impersonate::new(context.clone())),
            stop: Data::new(StopImpersonating::new(context.clone())),
            ask: Data::new(CheckPermission::new(context.clone())),
            explain: Data::new(ExplainDecision::new(context.clone())),
            set_up: Data::new(SetUp::new(context.clone())),
        }
    }
}

impl Module for AdminModule {
    fn id(&self) -> &'static str {
        "access"
    }

    fn routes(&self, config: &mut ServiceConfig<'_>) {
        config
            .app_data(self.add.clone())
            .app_data(self.find.clone())
            .app_data(self.change.clone())
            .app_data(self.remove.clone())
            .app_data(self.restore.clone())
            .app_data(self.sessions.clone())
            .app_data(self.set_password.clone())
            .app_data(self.impersonate.clone())
            .app_data(self.stop.clone())
            .app_data(self.ask.clone())
            .app_data(self.explain.clone())
            .app_data(self.set_up.clone())
            .service(users::create_user)
            .service(list::list_users)
            .service(users::get_user)
            .service(users::update_user)
            .service(users::set_role)
            .service(users::set_user_password)
            .service(bans::ban_user)
            .service(bans::unban_user)
            .service(removal::remove_user)
            .service(removal::restore_user)
            .service(sessions::list_user_sessions)
            .service(sessions::revoke_user_session)
            .service(sessions::revoke_user_sessions)
            .service(impersonation::impersonate_user)
            .service(impersonation::stop_impersonating)
            .service(permissions::has_permission)
            .service(permissions::explain)
            .service(set_up::set_up);
    }

    fn error_codes(&self) -> &'static [ErrorCode] {
        codes::ALL
    }
}
