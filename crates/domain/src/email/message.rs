use crate::Secret;
use crate::user::{Email, UserName};

/// What an email is about. Each kind has a template of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EmailKind {
    /// Follow the link to show that this address is yours.
    VerifyEmail,
    /// To the old address: follow the link to agree to the new address.
    ConfirmEmailChange {
        /// The address the user wants to have.
        new_email: Email,
    },
    /// To the new address: follow the link to complete the change.
    VerifyNewEmail,
    /// Follow the link to set a new password.
    ResetPassword,
    /// Follow the link to delete the account.
    DeleteAccount,
    /// Somebody tried to sign up with your address (EN-5). Has no link that does anything.
    SignUpAttempt,
}

/// An email to one recipient.
#[derive(Clone, Debug)]
pub struct EmailMessage {
    /// What it is about.
    pub kind: EmailKind,
    /// The one recipient: an address from the store, never one just typed (IN-4).
    pub to: Email,
    /// What the recipient is called.
    pub name: UserName,
    /// Where the email leads, an absolute URL. Carries a token, hence secret. Of an email that leads nowhere,
    /// the application's address.
    pub link: Secret<String>,
}
