//! Columns that an application adds, beside those every database has. They are known when the store is opened, not when the
//! program is compiled, so they are read and written by name.

use std::collections::HashMap;

use doorward_domain::StoreError;
use doorward_domain::fields::{FieldChanges, FieldKind, FieldValue, FieldValues};
use doorward_domain::session::Session;
use doorward_domain::user::User;
use sea_orm::sea_query::{Alias, Expr, ExprTrait, InsertStatement, Query, SimpleExpr};
use sea_orm::{
    ActiveModelTrait, ActiveValue, ConnectionTrait, EntityTrait, IdenStatic, Iterable, QueryResult,
    UpdateMany,
};

use super::SeaRepositories;
use super::error::store_error;
use super::timestamp::Timestamp;

impl<C: ConnectionTrait> SeaRepositories<C> {
    /// Whether a column of users is an application's, although a plugin that is off would have one of that name.
    pub(super) fn has_extra_user_column(&self, name: &str) -> bool {
        self.extra.user.iter().any(|(column, _)| column == name)
    }

    /// Takes for absent what a plugin would keep in columns that are an application's (AC-3).
    fn without_taken_columns(&self, mut user: User) -> User {
        for (name, _) in &self.extra.user {
            match name.as_str() {
                "username" => user.username = None,
                "displayUsername" => user.display_username = None,
                "role" => user.role = None,
                "banned" => user.ban.banned = None,
                "banReason" => user.ban.reason = None,
                "banExpires" => user.ban.expires_at = None,
                _ => {}
            }
        }
        user
    }

    /// Reads the added columns of these users.
    pub(super) async fn fill_users(&self, users: Vec<User>) -> Result<Vec<User>, StoreError> {
        let users = users.into_iter().map(|user| self.without_taken_columns(user));
        let mut users: Vec<_> = users.collect();
        let ids = users.iter().map(|user| user.id.as_str()).collect();
        let mut extra = self.extra_of("user", &self.extra.user, ids).await?;
        for user in &mut users {
            user.extra = extra.remove(user.id.as_str()).unwrap_or_default();
        }
        Ok(users)
    }

    /// The same of one.
    pub(super) async fn fill_user(&self, user: Option<User>) -> Result<Option<User>, StoreError> {
        Ok(self.fill_users(Vec::from_iter(user)).await?.pop())
    }

    /// Reads the added columns of these sessions.
    pub(super) async fn fill_sessions(&self, mut sessions: Vec<Session>) -> Result<Vec<Session>, StoreError> {
        let ids = sessions.iter().map(|session| session.id.as_str()).collect();
        let mut extra = self.extra_of("session", &self.extra.session, ids).await?;
        for session in &mut sessions {
            session.extra = extra.remove(session.id.as_str()).unwrap_or_default();
            if self
                .extra
                .session
                .iter()
                .any(|(name, _)| name == "impersonatedBy")
            {
                session.impersonated_by = None;
            }
        }
        Ok(sessions)
    }

    async fn extra_of(
        &self,
        table: &'static str,
        columns: &[(String, FieldKind)],
        ids: Vec<&str>,
    ) -> Result<HashMap<String, FieldValues>, StoreError> {
        if columns.is_empty() || ids.is_empty() {
            return Ok(HashMap::new());
        }
        let select = Query::select()
            .column("id")
            .columns(columns.iter().map(|(name, _)| Alias::new(name)))
            .from(table)
            .and_where(Expr::col("id").is_in(ids))
            .to_owned();
        let rows = self.connection.query_all(&select).await.map_err(store_error)?;
        let read = |row: &QueryResult| {
            let id = row.try_get("", "id")?;
            let mut values = FieldValues::new();
            for (name, kind) in columns {
                if let Some(value) = content(row, name, *kind)? {
                    values.insert(name.clone(), value);
                }
            }
            Ok((id, values))
        };
        rows.iter()
            .map(read)
            .collect::<Result<_, _>>()
            .map_err(store_error)
    }

    /// Adds a row with its added columns, in one statement: they may be mandatory in a database that others made.
    pub(super) async fn insert_row<A>(
        &self,
        table: &'static str,
        row: &A,
        extra: &FieldValues,
    ) -> Result<(), StoreError>
    where
        A: ActiveModelTrait,
    {
        let mut columns = Vec::new();
        let mut values = Vec::new();
        let added = if table == "user" {
            &self.extra.user
        } else {
            &self.extra.session
        };
        for column in <A::Entity as EntityTrait>::Column::iter() {
            let is_added = added.iter().any(|(name, _)| name == column.as_str());
            if let ActiveValue::Set(value) = row.get(column)
                && !is_added
            {
                columns.push(Alias::new(column.as_str()));
                values.push(Expr::value(value));
            }
        }
        for (name, value) in extra {
            columns.push(Alias::new(name));
            values.push(self.content(value));
        }
        let insert: InsertStatement = Query::insert()
            .into_table(table)
            .columns(columns)
            .values_panic(values)
            .to_owned();
        self.connection
            .execute(&insert)
            .await
            .map(drop)
            .map_err(store_error)
    }

    /// Writes added columns.
    pub(super) fn writing_extra<E: EntityTrait>(
        &self,
        update: UpdateMany<E>,
        changes: &FieldChanges,
    ) -> UpdateMany<E> {
        changes.iter().fold(update, |update, (name, value)| {
            let value = value
                .as_ref()
                .map_or_else(|| Expr::cust("NULL"), |value| self.content(value));
            update.col_expr(Alias::new(name), value)
        })
    }

    fn content(&self, value: &FieldValue) -> SimpleExpr {
        match value {
            FieldValue::Text(text) => Expr::value(text.as_str()),
            FieldValue::Number(number) => Expr::value(*number),
            FieldValue::Bool(flag) => Expr::value(*flag),
            FieldValue::DateTime(moment) => Expr::value(self.at(*moment)),
        }
    }
}

fn content(row: &QueryResult, name: &str, kind: FieldKind) -> Result<Option<FieldValue>, sea_orm::DbErr> {
    Ok(match kind {
        FieldKind::Text => row.try_get::<Option<String>>("", name)?.map(FieldValue::Text),
        // An `integer` of PostgreSQL has four bytes, a `bigint` eight.
        FieldKind::Number => match row.try_get::<Option<i64>>("", name) {
            Ok(number) => number.map(FieldValue::Number),
            Err(_) => row
                .try_get::<Option<i32>>("", name)?
                .map(|number| FieldValue::Number(number.into())),
        },
        FieldKind::Bool => row.try_get::<Option<bool>>("", name)?.map(FieldValue::Bool),
        FieldKind::DateTime => {
            let moment = row.try_get::<Option<Timestamp>>("", name)?;
            moment.map(|moment| FieldValue::DateTime(moment.moment()))
        }
    })
}
