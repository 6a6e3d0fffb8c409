//! Signing up, signing in and looking after the password, over HTTP.

mod change;
mod refusal;
mod reset;
mod sign_in;
mod sign_up;

pub(crate) use refusal::refusal;

use actix_web::web::Data;
use doorward_application::Context;
use doorward_application::password::{
    ChangePassword, RequestPasswordReset, ResetPassword, SignIn, SignUp, VerifyPassword,
};
use doorward_domain::Secret;
use doorward_domain::password::Password;
use utoipa_actix_web::service_config::ServiceConfig;

use crate::sign_in::codes;
use crate::{AppState, ErrorCode, Module};

/// Everything about passwords.
pub(crate) struct PasswordModule {
    sign_up: Data<SignUp>,
    sign_in: Data<SignIn>,
    change: Data<ChangePassword>,
    verify: Data<VerifyPassword>,
    request_reset: Data<RequestPasswordReset>,
    reset: Data<ResetPassword>,
}

impl PasswordModule {
    /// The feature in this context.
    pub(crate) fn new(context: &Context) -> Self {
        Self {
            sign_up: Data::new(SignUp::new(context.clone())),
            sign_in: Data::new(SignIn::new(context.clone())),
            change: Data::new(ChangePassword::new(context.clone())),
            verify: Data::new(VerifyPassword::new(context.clone())),
            request_reset: Data::new(RequestPasswordReset::new(context.clone())),
            reset: Data::new(ResetPassword::new(context.clone())),
        }
    }
}

impl Module for PasswordModule {
    fn id(&self) -> &'static str {
        "password"
    }

    fn routes(&self, config: &mut ServiceConfig<'_>) {
        config
            .app_data(self.sign_up.clone())
            .app_data(self.sign_in.clone())
            .app_data(self.change.clone())
            .app_data(self.verify.clone())
            .app_data(self.request_reset.clone())
            .app_data(self.reset.clone())
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
