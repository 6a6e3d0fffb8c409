//! What conditional writes answer. The types are `#[must_use]`, so that a caller cannot overlook that nothing was written.

/// What a write did that applies to a row in a certain state only.
#[must_use = "the row may have changed before; then nothing was written"]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Changed {
    /// The row was in the expected state, and changed.
    Applied,
    /// The row is gone or in another state. Nothing was written.
    Stale,
}

/// What became of a row that was to be removed.
#[must_use = "somebody else may have removed the row before"]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Removed {
    /// This call removed it.
    Removed,
    /// It was gone already.
    AlreadyGone,
}

/// What became of a row that can exist only once.
#[must_use = "the row may have been there before; then nothing was written"]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Inserted {
    /// This call added it.
    Inserted,
    /// There is one already.
    AlreadyThere,
}

impl Changed {
    /// From a count of rows that a statement changed.
    pub const fn by_count(rows: u64) -> Self {
        if rows > 0 { Self::Applied } else { Self::Stale }
    }

    /// Whether the write happened.
    #[must_use]
    pub const fn is_applied(self) -> bool {
        matches!(self, Self::Applied)
    }
}

impl Removed {
    /// From a count of rows that a statement removed.
    pub const fn by_count(rows: u64) -> Self {
        if rows > 0 {
            Self::Removed
        } else {
            Self::AlreadyGone
        }
    }

    /// Whether this call removed it.
    #[must_use]
    pub const fn is_removed(self) -> bool {
        matches!(self, Self::Removed)
    }
}

impl Inserted {
    /// From a count of rows that a statement added.
    pub const fn by_count(rows: u64) -> Self {
        if rows > 0 {
            Self::Inserted
        } else {
            Self::AlreadyThere
        }
    }

    /// Whether this call added it.
    #[must_use]
    pub const fn is_inserted(self) -> bool {
        matches!(self, Self::Inserted)
    }
}
