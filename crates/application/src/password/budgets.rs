//! Whose wrong passwords are counted together (RL-4).

use doorward_domain::rate_limit::{BudgetKey, BudgetKind};
use doorward_domain::user::{Email, User, Username};
use doorward_domain::{StoreError, TokenDigest, Transaction, UserId};

/// Wrong passwords at sign-in, by address.
const SIGN_IN: BudgetKind = BudgetKind::new("sign_in");
/// The same by username.
const SIGN_IN_BY_USERNAME: BudgetKind = BudgetKind::new("sign_in_by_username");
/// Wrong passwords of somebody who is signed in, by user.
const PASSWORD_CHECK: BudgetKind = BudgetKind::new("password_check");

/// Sign-ins by this address. There is one for an address that nobody has, so that it is no difference (EN-1).
pub(super) fn of_email(email: &Email) -> BudgetKey {
    BudgetKey::new(SIGN_IN, email.as_str())
}

/// Sign-ins to the account of this address from a browser in which its user has signed in before: nobody else's wrong passwords
/// keep them out there (RL-5).
pub(super) fn of_device(email: &Email, device: &TokenDigest) -> BudgetKey {
    BudgetKey::of_part(SIGN_IN, email.as_str(), device.as_str())
}

/// Sign-ins by this username, whether somebody has it or not. It is not that of the address: who uses up one of them and looks at
/// the other must not learn which address a username has (EN-1).
pub(super) fn of_username(username: &Username) -> BudgetKey {
    BudgetKey::new(SIGN_IN_BY_USERNAME, username.as_str())
}

/// Passwords that a signed-in user gives.
pub(super) fn of_user(user: &UserId) -> BudgetKey {
    BudgetKey::new(PASSWORD_CHECK, user.as_str())
}

/// Forgets all failures against a user, from wherever: they have a new password, and show to be the owner of the address or are
/// helped by an administrator (RL-5).
pub(crate) async fn lift(tx: &dyn Transaction, user: &User) -> Result<(), StoreError> {
    tx.budgets().reset_all(&of_email(&user.email)).await?;
    if let Some(username) = &user.username {
        tx.budgets().reset_all(&of_username(username)).await?;
    }
    tx.budgets().reset_all(&of_user(&user.id)).await?;
    Ok(())
}
