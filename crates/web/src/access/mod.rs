//! Who may do what, over HTTP: guards for any route, and the endpoints of administrators.

mod bans;
pub mod codes;
mod cursor;
mod export;
mod guard;
mod impersonation;
mod list;
mod password_reset;
mod permissions;
mod removal;
mod require;
mod sessions;
mod set_up;
mod users;

use actix_web::web::Data;
use doorward_application::Context;
use doorward_application::access::{
    AdminCreateUser, AdminDeleteUser, AdminUpdateUser, CheckPermission, ExplainDecision, ExportUser,
    Impersonate, ListUsers, RestoreUser, SendPasswordReset, SetUp, SetUserPassword, StopImpersonating,
    UserSessions,
};
use utoipa_actix_web::service_config::ServiceConfig;

pub(crate) use codes::LAST_ADMINISTRATOR;
pub use guard::{Authorized, CurrentUser, Requires};
pub use require::{RequirePermission, RequireRole};

use crate::{ErrorCode, Module};

/// The endpoints of administrators, as Better Auth's admin plugin has them, and a few more.
pub(crate) struct AdminModule;

impl Module for AdminModule {
    fn id(&self) -> &'static str {
        "access"
    }

    fn routes(&self, context: &Context, config: &mut ServiceConfig<'_>) {
        config
            .app_data(Data::new(AdminCreateUser::new(context.clone())))
            .app_data(Data::new(ListUsers::new(context.clone())))
            .app_data(Data::new(AdminUpdateUser::new(context.clone())))
            .app_data(Data::new(AdminDeleteUser::new(context.clone())))
            .app_data(Data::new(RestoreUser::new(context.clone())))
            .app_data(Data::new(ExportUser::new(context.clone())))
            .app_data(Data::new(UserSessions::new(context.clone())))
            .app_data(Data::new(SetUserPassword::new(context.clone())))
            .app_data(Data::new(SendPasswordReset::new(context.clone())))
            .app_data(Data::new(Impersonate::new(context.clone())))
            .app_data(Data::new(StopImpersonating::new(context.clone())))
            .app_data(Data::new(CheckPermission::new(context.clone())))
            .app_data(Data::new(ExplainDecision::new(context.clone())))
            .app_data(Data::new(SetUp::new(context.clone())))
            .service(users::create_user)
            .service(list::list_users)
            .service(users::get_user)
            .service(users::update_user)
            .service(users::set_role)
            .service(users::set_user_password)
            .service(password_reset::send_password_reset)
            .service(bans::ban_user)
            .service(bans::unban_user)
            .service(removal::remove_user)
            .service(removal::restore_user)
            .service(export::export_user)
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
