//! Looking after one's own data, over HTTP.

mod change_email;
pub mod codes;
mod delete;
mod update;

use std::time::Duration;

use actix_web::web::Data;
use doorward_application::Context;
use doorward_application::profile::{ChangeEmail, DeleteUser, UpdateUser};
use utoipa_actix_web::service_config::ServiceConfig;

use crate::{ErrorCode, Module, RateLimit};

/// Changing and deleting the own user.
pub(crate) struct ProfileModule;

impl Module for ProfileModule {
    fn id(&self) -> &'static str {
        "profile"
    }

    fn error_codes(&self) -> &'static [ErrorCode] {
        codes::ALL
    }

    fn rate_limits(&self) -> &'static [RateLimit] {
        const LIMITS: &[RateLimit] = &[RateLimit::prefix("/change-email", 3, Duration::from_secs(10))];
        LIMITS
    }

    fn routes(&self, context: &Context, config: &mut ServiceConfig<'_>) {
        config
            .app_data(Data::new(UpdateUser::new(context.clone())))
            .app_data(Data::new(ChangeEmail::new(context.clone())))
            .app_data(Data::new(DeleteUser::new(context.clone())))
            .service(update::update_user)
            .service(change_email::change_email)
            .service(delete::delete_user)
            .service(delete::open_deletion_link);
    }
}
