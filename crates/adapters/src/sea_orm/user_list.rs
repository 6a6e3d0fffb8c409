//! Lists of users: conditions, order and page as SQL.

use doorward_domain::StoreError;
use doorward_domain::user::{
    Comparison, Cursor, FilterValue, Page, SearchField, SearchMatch, SortKey, User, UserColumn, UserFilter,
    UserPage, UserQuery, UserSearch, ValueKind,
};
use sea_orm::sea_query::{Condition, Expr, ExprTrait, Func, NullOrdering, Order, SimpleExpr};
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect, Select,
};

use super::SeaRepositories;
use super::error::store_error;
use super::row::user_row::{Column, Entity};

impl<C: ConnectionTrait> SeaRepositories<C> {
    pub(super) async fn list_users(&self, query: &UserQuery) -> Result<UserPage, StoreError> {
        let matching = Entity::find().filter(self.conditions(query));
        let total = match &query.slice {
            Page::Offset(_) => Some(
                matching
                    .clone()
                    .count(&self.connection)
                    .await
                    .map_err(store_error)?,
            ),
            Page::After(_) => None,
        };
        let page = self.page(matching, query).limit(query.limit);
        let rows = self.rows(page).await?;
        Ok(UserPage {
            users: self
                .fill_users(rows.into_iter().map(User::from).collect())
                .await?,
            total,
        })
    }

    fn conditions(&self, query: &UserQuery) -> Condition {
        let there = if query.deleted {
            Column::DeletedAt.is_not_null()
        } else {
            Column::DeletedAt.is_null()
        };
        let search = query.search.as_ref().map(|search| self.found(query, search));
        let filter = query.filter.as_ref().map(|filter| self.satisfies(filter));
        Condition::all().add(there).add_option(search).add_option(filter)
    }

    fn found(&self, query: &UserQuery, search: &UserSearch) -> Condition {
        let field = match search.field {
            // Addresses have no capital letters.
            SearchField::Email => self.text(Column::Email),
            SearchField::Name => self.sort_key(SortKey::CaseInsensitiveName),
        };
        match search.how {
            SearchMatch::Contains => has(self.position(field, &search.text)),
            SearchMatch::EndsWith => has(self.ends(field, &search.text)),
            SearchMatch::StartsWith => between(field, range_of(query, search)),
        }
    }

    fn satisfies(&self, filter: &UserFilter) -> Condition {
        let column = self.column(filter.column);
        let value = |value: &FilterValue| self.value(value);
        let values = |list: &[FilterValue]| list.iter().map(value).collect::<Vec<_>>();
        has(match &filter.comparison {
            Comparison::Eq(other) => column.eq(value(other)),
            Comparison::Ne(other) => column.ne(value(other)),
            Comparison::Lt(other) => column.lt(value(other)),
            Comparison::Lte(other) => column.lte(value(other)),
            Comparison::Gt(other) => column.gt(value(other)),
            Comparison::Gte(other) => column.gte(value(other)),
            Comparison::In(list) => column.is_in(values(list)),
            Comparison::NotIn(list) => column.is_not_in(values(list)),
            Comparison::Contains(part) => self.position(column, part),
            Comparison::EndsWith(part) => self.ends(column, part),
            Comparison::StartsWith(part) => return between(column, Range::beginning_with(part)),
        })
    }

    fn page(&self, matching: Select<Entity>, query: &UserQuery) -> Select<Entity> {
        let direction = || {
            if query.order.descending {
                Order::Desc
            } else {
                Order::Asc
            }
        };
        // A missing value comes first, as on SQLite.
        let nulls = if query.order.descending {
            NullOrdering::Last
        } else {
            NullOrdering::First
        };
        let key = self.sort_key(query.order.by);
        let ordered = if self.is_postgres() && may_be_missing(query.order.by) {
            matching.order_by_with_nulls(key, direction(), nulls)
        } else {
            matching.order_by(key, direction())
        };
        let ordered = ordered.order_by(self.text(Column::Id), direction());
        match &query.slice {
            Page::Offset(offset) => ordered.offset(*offset),
            Page::After(None) => ordered,
            Page::After(Some(last)) => ordered.filter(self.beyond(query, last)),
        }
    }

    /// Key and id together, compared as a row, which is one range of the index.
    fn beyond(&self, query: &UserQuery, last: &Cursor) -> SimpleExpr {
        let row = Expr::tuple([self.sort_key(query.order.by), self.text(Column::Id)]);
        let place = Expr::tuple([self.value(&last.key), Expr::value(last.id.as_str())]);
        if query.order.descending {
            row.lt(place)
        } else {
            row.gt(place)
        }
    }

    fn sort_key(&self, key: SortKey) -> SimpleExpr {
        match key {
            SortKey::Column(column) => self.column(column),
            SortKey::CaseInsensitiveName => Func::lower(self.text(Column::Name)).into(),
        }
    }

    fn column(&self, column: UserColumn) -> SimpleExpr {
        let named = Column::from(column);
        match column.kind() {
            ValueKind::Text => self.text(named),
            ValueKind::Bool | ValueKind::DateTime => Expr::col((Entity, named)),
        }
    }

    /// A column of text, compared byte by byte.
    fn text(&self, column: Column) -> SimpleExpr {
        let column = Expr::col((Entity, column));
        if self.is_postgres() {
            Expr::cust_with_expr(r#"$1 COLLATE "C""#, column)
        } else {
            column
        }
    }

    fn value(&self, value: &FilterValue) -> SimpleExpr {
        match value {
            FilterValue::Text(text) => Expr::value(text.as_str()),
            FilterValue::Bool(flag) => Expr::value(*flag),
            FilterValue::DateTime(moment) => Expr::value(self.at(*moment)),
        }
    }

    /// Whether the text has this part. Not `LIKE`, to which some characters are special and letter case is not.
    fn position(&self, text: SimpleExpr, part: &str) -> SimpleExpr {
        let name = if self.is_postgres() { "strpos" } else { "instr" };
        let position: SimpleExpr = Func::cust(name).args([text, Expr::value(part)]).into();
        position.gt(0)
    }

    fn ends(&self, text: SimpleExpr, part: &str) -> SimpleExpr {
        let length = i64::try_from(part.chars().count()).unwrap_or(i64::MAX);
        let end: SimpleExpr = if self.is_postgres() {
            Func::cust("right")
                .args([text, Expr::cust(length.to_string())])
                .into()
        } else {
            Func::cust("substr").args([text, Expr::value(-length)]).into()
        };
        end.eq(Expr::value(part))
    }
}

fn has(condition: SimpleExpr) -> Condition {
    Condition::all().add(condition)
}

/// Texts from one, included, to an end, if there is one.
#[derive(Debug, PartialEq, Eq)]
struct Range {
    from: String,
    to: Option<End>,
}

#[derive(Debug, PartialEq, Eq)]
enum End {
    Before(String),
    With(String),
}

impl Range {
    /// What begins with a text lies between it and the first text after all those.
    fn beginning_with(text: &str) -> Self {
        Self {
            from: text.to_owned(),
            to: successor(text).map(End::Before),
        }
    }
}

/// Where what is searched lies. Beyond a place in the order of the searched field itself, the range begins there: a database
/// that took the whole range would read all that was read before.
fn range_of(query: &UserQuery, search: &UserSearch) -> Range {
    let whole = Range::beginning_with(&search.text);
    let in_order = query.order.by
        == match search.field {
            SearchField::Email => SortKey::Column(UserColumn::Email),
            SearchField::Name => SortKey::CaseInsensitiveName,
        };
    match &query.slice {
        Page::After(Some(Cursor {
            key: FilterValue::Text(key),
            ..
        })) if in_order && key.starts_with(&search.text) => {
            if query.order.descending {
                Range {
                    to: Some(End::With(key.clone())),
                    ..whole
                }
            } else {
                Range {
                    from: key.clone(),
                    ..whole
                }
            }
        }
        _ => whole,
    }
}

fn between(field: SimpleExpr, range: Range) -> Condition {
    let from = field.clone().gte(Expr::value(range.from));
    Condition::all()
        .add(from)
        .add_option(range.to.map(|end| match end {
            End::Before(text) => field.lt(Expr::value(text)),
            End::With(text) => field.lte(Expr::value(text)),
        }))
}

/// The least text that is greater, byte by byte, than every text with this beginning; none if there is none.
fn successor(beginning: &str) -> Option<String> {
    let mut text = beginning.to_owned();
    while let Some(last) = text.pop() {
        // The surrogates between U+D7FF and U+E000 are no characters.
        let next = match last {
            '\u{d7ff}' => Some('\u{e000}'),
            last => char::from_u32(u32::from(last) + 1),
        };
        if let Some(next) = next {
            text.push(next);
            return Some(text);
        }
    }
    None
}

const fn may_be_missing(key: SortKey) -> bool {
    match key {
        SortKey::Column(column) => column.may_be_missing(),
        SortKey::CaseInsensitiveName => false,
    }
}

#[cfg(test)]
mod tests;
