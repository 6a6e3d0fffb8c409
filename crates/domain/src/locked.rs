use std::ops::Deref;

/// A row that this transaction has locked: no other transaction can change or lock it before this one ends.
///
/// Every decision about a user (admission, administration, last administrator) takes a locked row, so that what it is based
/// on is still true when the decision is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Locked<T>(T);

impl<T> Locked<T> {
    /// A row that the store has locked. Only implementations of [`Transaction`](crate::Transaction) call it: `cargo xtask tidy`
    /// refuses it elsewhere.
    pub const fn by_store(row: T) -> Self {
        Self(row)
    }

    /// The row as this transaction changed it: still locked.
    #[must_use]
    pub fn map(self, change: impl FnOnce(T) -> T) -> Self {
        Self(change(self.0))
    }

    /// The row, for an answer that outlives the transaction.
    pub fn into_inner(self) -> T {
        self.0
    }
}

impl<T> Deref for Locked<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}
