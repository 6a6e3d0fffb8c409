//! Pages of the audit log: conditions and order as SQL.

use doorward_domain::audit::{AuditEvent, EventFilter, EventOrder, EventQuery, Outcome};
use doorward_domain::{StoreError, UserId};
use sea_orm::sea_query::{Condition, Expr, ExprTrait, Order, SimpleExpr};
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, IdenStatic, QueryFilter, QueryOrder, QuerySelect, Select,
};

use super::{Column, Entity};
use crate::sea_orm::SeaRepositories;

impl<C: ConnectionTrait> SeaRepositories<C> {
    pub(super) async fn list_events(&self, query: &EventQuery) -> Result<Vec<AuditEvent>, StoreError> {
        let rows = self.rows(self.event_page(query)).await?;
        Ok(rows.into_iter().map(AuditEvent::from).collect())
    }

    fn event_page(&self, query: &EventQuery) -> Select<Entity> {
        let direction = match query.order {
            EventOrder::NewestFirst => Order::Desc,
            EventOrder::OldestFirst => Order::Asc,
        };
        let select = Entity::find()
            .filter(self.event_conditions(&query.filter))
            .order_by(Column::At, direction.clone())
            .order_by(self.event_id(), direction)
            .limit(query.limit);
        let Some(after) = &query.after else {
            return select;
        };
        // Moment and id together, compared as a row, which is one range of an index.
        let place = Expr::tuple([Expr::col(Column::At), self.event_id()]);
        let end = Expr::tuple([Expr::value(self.at(after.at)), Expr::value(after.id.as_str())]);
        select.filter(match query.order {
            EventOrder::NewestFirst => place.lt(end),
            EventOrder::OldestFirst => place.gt(end),
        })
    }

    /// Of several columns the first given one, which chooses most, is found by its index. PostgreSQL knows that from its
    /// statistics; SQLite has none and is told, by a sign that keeps a column from being looked for in an index.
    fn event_conditions(&self, filter: &EventFilter) -> Condition {
        let equal = [
            (Column::SubjectId, filter.subject.as_ref().map(UserId::as_str)),
            (Column::ActorId, filter.actor.as_deref()),
            (Column::Kind, filter.kind.as_deref()),
            (Column::Outcome, filter.outcome.map(Outcome::name)),
        ];
        let mut conditions = Condition::all();
        let given = equal
            .into_iter()
            .filter_map(|(column, value)| Some((column, value?)));
        for (place, (column, value)) in given.enumerate() {
            let operand: SimpleExpr = if place == 0 || self.is_postgres() {
                Expr::col(column)
            } else {
                Expr::cust(format!(r#"+"{}""#, column.as_str()))
            };
            conditions = conditions.add(operand.eq(value));
        }
        conditions
            .add_option(filter.since.map(|since| Column::At.gte(self.at(since))))
            .add_option(filter.until.map(|until| Column::At.lt(self.at(until))))
    }

    /// The id, compared byte by byte.
    pub(super) fn event_id(&self) -> SimpleExpr {
        let column = Expr::col(Column::Id);
        if self.is_postgres() {
            Expr::cust_with_expr(r#"$1 COLLATE "C""#, column)
        } else {
            column
        }
    }
}

#[cfg(test)]
mod tests;
