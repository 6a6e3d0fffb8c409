use super::{Circumstances, CustomEmail, SignInMethod};
use crate::Secret;
use crate::user::{Email, UserName};

/// Makes [`EmailKind`], its names and the way it is stored, from one list of the kinds with a template. A field is of a type
/// with `Display` and `from_stored`.
macro_rules! email_kinds {
    ($(
        $(#[$doc:meta])*
        $kind:ident $({ $( $(#[$field_doc:meta])* $field:ident: $type:ty, )+ })? = $name:literal,
    )+) => {
        /// What an email is about. Each kind but those of modules has a template of its own.
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub enum EmailKind {
            $( $(#[$doc])* $kind $({ $( $(#[$field_doc])* $field: $type, )+ })?, )+
            /// Written by a module.
            Custom(CustomEmail),
        }

        impl EmailKind {
            /// The name of the kind in the outbox, and what else is stored with it.
            #[must_use]
            pub fn to_stored(&self) -> (&'static str, StoredFields) {
                match self {
                    $( Self::$kind $({ $($field),+ })? => (
                        $name,
                        Vec::from([ $($( (stringify!($field), $field.to_string()) ),+)? ]),
                    ), )+
                    Self::Custom(email) => (CUSTOM, custom_fields(email)),
                }
            }

            /// The kind of that name; none if there is no such kind, or if what was stored with it is missing or not allowed.
            pub fn from_stored(name: &str, field: impl Fn(&str) -> Option<String>) -> Option<Self> {
                Some(match name {
                    $( $name => Self::$kind $({
                        $( $field: <$type>::from_stored(field(stringify!($field))?), )+
                    })?, )+
                    CUSTOM => Self::Custom(custom(field)?),
                    _ => return None,
                })
            }

            /// One email of each kind with a template.
            #[cfg(any(test, feature = "mocks"))]
            #[must_use]
            pub fn samples() -> Vec<Self> {
                Vec::from([
                    $( Self::$kind $({ $( $field: <$type>::from_stored("o'brien@example.test"), )+ })?, )+
                ])
            }
        }
    };
}

/// What is stored with the name of a kind.
pub type StoredFields = Vec<(&'static str, String)>;

email_kinds! {
    /// Follow the link to show that this address is yours.
    VerifyEmail = "verify_email",
    /// To the old address: follow the link to agree to the new address.
    ConfirmEmailChange {
        /// The address the user wants to have.
        new_email: Email,
    } = "confirm_email_change",
    /// To the new address: follow the link to complete the change.
    VerifyNewEmail = "verify_new_email",
    /// Follow the link to set a new password.
    ResetPassword = "reset_password",
    /// Follow the link to delete the account.
    DeleteAccount = "delete_account",
    /// Somebody tried to sign up with your address (EN-5). Has no link that does anything.
    SignUpAttempt = "sign_up_attempt",
    /// The password was changed (ML-3).
    PasswordChanged {
        /// When, by whom and from where.
        circumstances: Circumstances,
    } = "password_changed",
    /// To the old address: it is not the address of the account any more (ML-3).
    EmailChanged {
        /// When, by whom and from where.
        circumstances: Circumstances,
    } = "email_changed",
    /// A way to sign in was removed (ML-3).
    AccountUnlinked {
        /// Which.
        method: SignInMethod,
        /// When, by whom and from where.
        circumstances: Circumstances,
    } = "account_unlinked",
    /// An administrator impersonates the owner (ML-3).
    ImpersonationStarted {
        /// When, by whom and from where.
        circumstances: Circumstances,
    } = "impersonation_started",
    /// The account was deleted (ML-3).
    UserDeleted {
        /// When, by whom and from where.
        circumstances: Circumstances,
    } = "user_deleted",
    /// The deleted account was restored (ML-3).
    UserRestored {
        /// When, by whom and from where.
        circumstances: Circumstances,
    } = "user_restored",
    /// Somebody signed in with a browser that is not known (ML-3).
    NewDevice {
        /// When, by whom and from where.
        circumstances: Circumstances,
    } = "new_device",
}

const CUSTOM: &str = "custom";

fn custom_fields(email: &CustomEmail) -> StoredFields {
    let mut fields = Vec::from([
        ("kind", email.kind().to_owned()),
        ("subject", email.subject().to_owned()),
        ("text", email.text().expose().clone()),
    ]);
    fields.extend(email.html().map(|html| ("html", html.expose().clone())));
    fields
}

fn custom(field: impl Fn(&str) -> Option<String>) -> Option<CustomEmail> {
    let (kind, subject, text) = (field("kind")?, field("subject")?, field("text")?);
    CustomEmail::new(&kind, &subject, &text, field("html").as_deref()).ok()
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
    /// the application's address. The text of a module's email has it in it already.
    pub link: Secret<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_comes_back_out_of_the_outbox() {
        let custom = |html| EmailKind::Custom(CustomEmail::new("a.b", "Subject", "Text", html).unwrap());
        let kinds = EmailKind::samples();
        for kind in kinds.into_iter().chain([custom(None), custom(Some("<p>"))]) {
            let (name, fields) = kind.to_stored();
            let field = |wanted: &str| {
                fields
                    .iter()
                    .find(|(it, _)| *it == wanted)
                    .map(|(_, it)| it.clone())
            };
            assert_eq!(EmailKind::from_stored(name, field), Some(kind));
        }
    }

    #[test]
    fn what_is_not_a_kind_is_not_taken_for_one() {
        assert_eq!(EmailKind::from_stored("sign_in_from_new_device", |_| None), None);
        assert_eq!(EmailKind::from_stored("confirm_email_change", |_| None), None);
        let injected = |_: &str| Some("a\r\nBcc: x@example.test".to_owned());
        assert_eq!(EmailKind::from_stored("custom", injected), None);
    }
}
