/// A foreign error kept as the cause of one of ours.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// Why a store could not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// A unique index refused the write; nothing was written.
    #[error("the value is taken: {0:?}")]
    Conflict(Constraint),
    /// The store cannot be reached or has no capacity now. Trying again later may help.
    #[error("the store is unavailable")]
    Unavailable(#[source] BoxError),
    /// Anything else.
    #[error("the store failed")]
    Failed(#[source] BoxError),
}

/// A row does not hold what it should: the cause of a [`StoreError::Failed`]. It names the row and never tells its content.
///
/// A row that cannot be read is an error, never an absent row: whoever takes it for absent signs its user out.
#[derive(Debug, thiserror::Error)]
#[error("column `{column}` of the row `{id}` in table `{table}` cannot be read")]
pub struct Inconsistent {
    /// Where the row is.
    pub table: &'static str,
    /// What cannot be read.
    pub column: String,
    /// Which row; `?` if that cannot be read either.
    pub id: String,
    /// What the driver says.
    #[source]
    pub source: BoxError,
}

/// The unique index behind a [`StoreError::Conflict`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Constraint {
    /// One user to an e-mail address, whatever its letter case.
    UserEmail,
    /// One user to a username.
    Username,
    /// Any other: a primary key, a session token.
    Other,
}
