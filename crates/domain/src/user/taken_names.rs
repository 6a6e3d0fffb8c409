//! The names that a field of an application cannot have, because a column has them.

use super::UserColumn;
use crate::fields::{ColumnFeatures, FieldKind, FieldSpec, FieldTable, NameTaken, UserFeature};

/// Columns of users beside those by which they are listed, and names that mean something else in what signs them up.
const OF_USERS: [&str; 5] = [
    "deletedAt",
    "deletedEmail",
    "deletedUsername",
    "password",
    "callbackURL",
];

/// Columns that sessions have anyway.
const OF_SESSIONS: [&str; 12] = [
    "id",
    "expiresAt",
    "token",
    "createdAt",
    "updatedAt",
    "ipAddress",
    "userAgent",
    "userId",
    "adoptedAt",
    "amr",
    "authenticatedAt",
    "browserSession",
];

/// A column that a table has: its name, and what it holds and whose it is if it belongs to a feature.
struct Taken {
    name: &'static str,
    feature: Option<(FieldKind, UserFeature)>,
}

impl FieldTable {
    fn columns(self) -> Vec<Taken> {
        let own = |name: &&'static str| Taken { name, feature: None };
        match self {
            Self::User => {
                let listed = UserColumn::ALL.iter().map(|column| Taken {
                    name: column.name(),
                    feature: column.feature().map(|feature| (column.kind().into(), feature)),
                });
                listed.chain(OF_USERS.iter().map(own)).collect()
            }
            Self::Session => {
                let impersonated = Taken {
                    name: "impersonatedBy",
                    feature: Some((FieldKind::Text, UserFeature::Admin)),
                };
                OF_SESSIONS.iter().map(own).chain([impersonated]).collect()
            }
        }
    }
}

impl FieldSpec {
    /// Refuses a field of the table that would take the place of a column. Letter case does not count: SQLite takes names
    /// that differ in it only for one.
    pub fn check_name(&self, table: FieldTable, features: ColumnFeatures) -> Result<(), NameTaken> {
        let is_same = |column: &Taken| column.name.eq_ignore_ascii_case(self.name.as_str());
        let Some(taken) = table.columns().into_iter().find(is_same) else {
            return Ok(());
        };
        let Some((kind, feature)) = taken.feature else {
            return Err(NameTaken::Column(self.name.clone()));
        };
        if features.has(feature) {
            return Err(NameTaken::Feature(self.name.clone()));
        }
        if taken.name != self.name.as_str() || kind != self.kind {
            return Err(NameTaken::Unfit(self.name.clone()));
        }
        Ok(())
    }
}
