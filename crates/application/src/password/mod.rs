//! Signing up and in by password, and changing, resetting and verifying the password.

mod breach_checks;
mod budgets;
mod change;
mod learn_hashes;
mod new_password;
mod request_reset;
mod reset;
mod reset_links;
mod sign_in;
mod sign_up;
mod verify;

pub use breach_checks::BreachCheckCounts;
pub(crate) use budgets::lift as lift_attempt_limits;
pub use change::{ChangePassword, ChangePasswordError, ChangePasswordInput, PasswordChanged};
pub use learn_hashes::{LearnHashesError, LearnPasswordHashes};
pub use request_reset::{RequestPasswordReset, RequestResetError};
pub use reset::{ResetPassword, ResetPasswordError};
pub(crate) use reset_links::ResetLinks;
pub use sign_in::{SignIn, SignInError, SignInInput, SignInName};
pub use sign_up::{SignUp, SignUpError, SignUpInput, SignedUp};
pub use verify::{VerifyPassword, VerifyPasswordError};
