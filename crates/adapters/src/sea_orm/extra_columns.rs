use doorward_domain::fields::FieldKind;
use doorward_migration::{AddedColumn, ColumnKind};

/// The added columns: name and kind.
#[derive(Clone, Debug, Default)]
pub struct ExtraColumns {
    /// Of `user`.
    pub user: Vec<(String, FieldKind)>,
    /// Of `session`.
    pub session: Vec<(String, FieldKind)>,
}

impl ExtraColumns {
    /// The columns as the schema knows them.
    pub(super) fn added(&self) -> Vec<AddedColumn> {
        let of = |table, columns: &[(String, FieldKind)]| {
            let column = |(name, kind): &(String, FieldKind)| AddedColumn {
                table,
                name: name.clone(),
                kind: match kind {
                    FieldKind::Text => ColumnKind::Text,
                    FieldKind::Number => ColumnKind::Number,
                    FieldKind::Bool => ColumnKind::Bool,
                    FieldKind::DateTime => ColumnKind::Date,
                },
            };
            columns.iter().map(column).collect::<Vec<_>>()
        };
        [of("user", &self.user), of("session", &self.session)].concat()
    }
}
