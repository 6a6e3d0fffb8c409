use doorward_domain::ErrorChain;
use doorward_domain::password::{Password, PasswordProblem};
use doorward_domain::user::{Email, UserName};

use crate::Context;

impl Context {
    /// Refuses a new password of a user with this name and address that the policy refuses or that became known by a breach.
    ///
    /// May ask others over the network: to be called before a transaction begins. Without an answer the password is accepted
    /// (PW-8).
    pub(crate) async fn check_new_password(
        &self,
        password: &Password,
        name: &UserName,
        email: &Email,
    ) -> Result<(), PasswordProblem> {
        let policy = &self.settings.email_and_password.password;
        policy.check(password, name, email, &*self.ports.common_passwords)?;
        self.check_not_breached(password).await
    }

    /// The last part of it.
    pub(crate) async fn check_not_breached(&self, password: &Password) -> Result<(), PasswordProblem> {
        let Some(breached) = &self.ports.breached_passwords else {
            return Ok(());
        };
        match breached.contains(password).await {
            Ok(is_breached) => {
                self.breach_checks.count_answer(is_breached);
                if is_breached {
                    return Err(PasswordProblem::Compromised);
                }
                Ok(())
            }
            Err(error) => {
                let unavailable = self.breach_checks.count_unavailable();
                tracing::warn!(
                    error = %ErrorChain(&error),
                    unavailable,
                    "a new password was accepted without looking for it among breached ones"
                );
                Ok(())
            }
        }
    }
}
