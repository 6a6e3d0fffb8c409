//! Signing up, signing in and looking after the password, over HTTP.

mod change;
pub mod codes;
mod refusal;
mod reset;
mod sign_in;
mod sign_up;

pub(crate) use refusal::refusal;

use std::sync::Arc;
use std::time::Duration;

use actix_web::web::Data;
use doorward_application::password::{
    ChangePassword, LearnPasswordHashes, RequestPasswordReset, ResetPassword, SignIn, SignUp, VerifyPassword,
};
use doorward_application::{Context, Worker};
use doorward_domain::Secret;
use doorward_domain::password::Password;
use utoipa_actix_web::service_config::ServiceConfig;

use crate::{AppState, ErrorCode, Module, RateLimit};

/// Everything about passwords.
pub(crate) struct PasswordModule;

impl Module for PasswordModule {
    fn id(&self) -> &'static str {
        "password"
    }

    fn rate_limits(&self) -> &'static [RateLimit] {
        const LIMITS: &[RateLimit] = &[
            RateLimit::prefix("/sign-up", 3, Duration::from_secs(10)),
            RateLimit::prefix("/change-password", 3, Duration::from_secs(10)),
            RateLimit::path("/request-password-reset", 3, Duration::from_mins(1)),
        ];
        LIMITS
    }

    fn routes(&self, context: &Context, config: &mut ServiceConfig<'_>) {
        config
            .app_data(Data::new(SignUp::new(context.clone())))
            .app_data(Data::new(SignIn::new(context.clone())))
            .app_data(Data::new(ChangePassword::new(context.clone())))
            .app_data(Data::new(VerifyPassword::new(context.clone())))
            .app_data(Data::new(RequestPasswordReset::new(context.clone())))
            .app_data(Data::new(ResetPassword::new(context.clone())))
            .service(sign_up::sign_up_email)
            .service(sign_in::sign_in_email)
            .service(change::change_password)
            .service(change::verify_password)
            .service(reset::request_password_reset)
            .service(reset::open_reset_link)
            .service(reset::reset_password);
    }

    fn error_codes(&self) -> &'static [ErrorCode] {
        codes::ALL
    }

    fn workers(&self, context: &Context) -> Vec<Arc<dyn Worker>> {
        vec![Arc::new(LearnPasswordHashes::new(context.clone()))]
    }
}

impl AppState {
    /// A password as a client sent it.
    pub(crate) fn password(&self, typed: &Secret<String>) -> Password {
        Password::parse(
            typed.expose(),
            self.context.settings.email_and_password.password.max_length,
        )
    }
}
