use actix_web::web::Data;
use actix_web::{HttpResponse, get};
use doorward_application::access::{ListUsers, MAX_PAGE};
use doorward_domain::parse_moment;
use doorward_domain::user::{
    Comparison, FilterValue, Page, SearchField, SearchMatch, SortKey, User, UserColumn, UserFilter,
    UserOrder, UserPage, UserQuery, UserSearch, ValueKind,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};
use validator::{Validate, ValidationError};

use super::cursor;
use crate::error::ApiError;
use crate::error::codes::VALIDATION_ERROR;
use crate::response::{ErrorReply, json};
use crate::session::extract::AdminSession;
use crate::user::UserReply;
use crate::{AppState, Query};

/// Users in an answer to somebody who says no number.
const STANDARD_PAGE: u64 = 100;
/// The furthest a list can begin, which every database can count to.
const MAX_OFFSET: u64 = 1 << 53;

#[derive(Deserialize, Validate, ToSchema, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub(super) struct ListUsersQuery {
    /// A text to look for, whatever its letter case.
    #[schema(nullable = false)]
    search_value: Option<String>,
    /// Where: in the `email` (unless said otherwise) or the `name`.
    #[validate(custom(function = "known_search_field"))]
    #[schema(nullable = false)]
    search_field: Option<String>,
    /// `contains` (unless said otherwise), `starts_with` or `ends_with`. Only a beginning is found by an index.
    #[validate(custom(function = "known_search_operator"))]
    #[schema(nullable = false)]
    search_operator: Option<String>,
    /// Users in the answer: 100 unless said otherwise, 1000 at most.
    #[schema(nullable = false)]
    limit: Option<String>,
    /// Users to pass over. Takes longer the more there are; `cursor` does not.
    #[schema(nullable = false)]
    offset: Option<String>,
    /// The column to sort by.
    #[schema(nullable = false)]
    sort_by: Option<String>,
    /// `asc` (unless said otherwise) or `desc`.
    #[validate(custom(function = "known_direction"))]
    #[schema(nullable = false)]
    sort_direction: Option<String>,
    /// The column to filter by; `email` unless said otherwise.
    #[schema(nullable = false)]
    filter_field: Option<String>,
    /// What to compare it with. For `in` and `not_in` the parameter is repeated.
    #[schema(value_type = Option<Value>)]
    filter_value: Option<Value>,
    /// `eq` (unless said otherwise), `ne`, `lt`, `lte`, `gt`, `gte`, `in`, `not_in`, `contains`, `starts_with` or `ends_with`.
    #[validate(custom(function = "known_filter_operator"))]
    #[schema(nullable = false)]
    filter_operator: Option<String>,
    /// The `nextCursor` of the answer before, or nothing between `=` and `&` for the first one. With it the answer has
    /// `nextCursor` in place of `total`, and takes as long in the middle as at the beginning. Sorts by `email`, `name` or
    /// `createdAt`.
    #[schema(nullable = false)]
    cursor: Option<String>,
    /// `true`: the users who were removed and can be restored, and nobody else.
    #[schema(nullable = false)]
    deleted: Option<String>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct ListUsersReply {
    users: Vec<UserReply>,
    /// How many match in all; absent with `cursor`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    total: Option<u64>,
    /// The `limit` that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    limit: Option<u64>,
    /// The `offset` that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    offset: Option<u64>,
    /// Where to go on; `null` at the end. Only with `cursor`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, required = false)]
    next_cursor: Option<Option<String>>,
}

/// Users, searched, filtered and sorted. Needs `user:list`.
#[utoipa::path(tag = "access", params(ListUsersQuery),
    responses((status = 200, description = "Users, and how many match in all", body = ListUsersReply),
              (status = 400, description = "Such a list cannot be asked for", body = ErrorReply),
              (status = 401, description = "Nobody is signed in"),
              (status = 403, description = "Not permitted", body = ErrorReply)))]
#[get("/admin/list-users")]
pub(super) async fn list_users(
    query: Query<ListUsersQuery>,
    caller: AdminSession,
    state: Data<AppState>,
    find: Data<ListUsers>,
) -> Result<HttpResponse, ApiError> {
    find.permit(caller.request())?;
    let strict = state.context.settings.security.strict_lists;
    let asked = Asked {
        limit: number(
            "limit",
            query.0.limit.as_deref(),
            if strict { MAX_PAGE } else { MAX_OFFSET },
        )?,
        offset: number("offset", query.0.offset.as_deref(), MAX_OFFSET)?,
        paged: query.0.cursor.is_some(),
        strict,
    };
    let page = match asked.query(&query.0)? {
        Some(query) => find
            .list(caller.request(), &query)
            .await
            .map(|page| asked.cut(page, &query))?,
        None if strict => return Err(refused("filterField", "there is no such column")),
        None => (
            UserPage {
                users: Vec::new(),
                total: Some(0),
            },
            None,
        ),
    };
    let (page, next) = page;
    let reply = |user: &User| UserReply::new(user, &state.context.settings);
    Ok(json(&ListUsersReply {
        users: page.users.iter().map(reply).collect(),
        total: page.total,
        limit: asked.limit,
        offset: asked.offset,
        next_cursor: asked.paged.then_some(next),
    }))
}

/// The page somebody asked for.
struct Asked {
    limit: Option<u64>,
    offset: Option<u64>,
    /// Whether they go from page to page by a cursor.
    paged: bool,
    /// Whether what finds nobody by mistake is refused.
    strict: bool,
}

impl Asked {
    /// The question for the store; none if it names a column that does not exist, or finds nobody for another such reason.
    fn query(&self, raw: &ListUsersQuery) -> Result<Option<UserQuery>, ApiError> {
        let search = raw
            .search_value
            .as_deref()
            .filter(|text| !text.is_empty())
            .map(|text| {
                UserSearch::new(
                    search_field_of(raw.search_field.as_deref()),
                    search_match_of(raw.search_operator.as_deref()),
                    text,
                )
            });
        let named = |name: &str| {
            // What Better Auth calls the id where the database is MongoDB, it takes everywhere.
            let name = if name == "_id" { "id" } else { name };
            UserColumn::ALL
                .iter()
                .copied()
                .find(|column| column.name() == name)
        };
        let filter = match &raw.filter_value {
            None => None,
            Some(value) => {
                let Some(column) = named(raw.filter_field.as_deref().unwrap_or("email")) else {
                    return Ok(None);
                };
                match comparison(column.kind(), raw.filter_operator.as_deref(), value) {
                    Some(comparison) => Some(UserFilter { column, comparison }),
                    // Better Auth finds nobody where one value can be compared and several are given.
                    None if value.is_array() && !self.strict => return Ok(None),
                    None => {
                        let why = "it cannot be compared with this column like that";
                        return Err(refused("filterValue", why));
                    }
                }
            }
        };
        let by = match raw.sort_by.as_deref().filter(|name| !name.is_empty()) {
            None => standard_order(search.as_ref()),
            Some("name") if self.paged => SortKey::CaseInsensitiveName,
            Some(name) => match named(name) {
                Some(column) => SortKey::Column(column),
                None => return Ok(None),
            },
        };
        let limit = self.limit.unwrap_or(STANDARD_PAGE);
        Ok(Some(UserQuery {
            search,
            filter,
            deleted: raw.deleted.as_deref() == Some("true"),
            order: UserOrder {
                by,
                descending: raw.sort_direction.as_deref() == Some("desc"),
            },
            slice: self.slice(by, raw.cursor.as_deref())?,
            // One more tells whether there are more.
            limit: limit + u64::from(self.paged),
        }))
    }

    fn slice(&self, by: SortKey, cursor: Option<&str>) -> Result<Page, ApiError> {
        let Some(cursor) = cursor else {
            return Ok(Page::Offset(self.offset.unwrap_or_default()));
        };
        if self.offset.is_some() {
            return Err(refused("offset", "it does not go with a cursor"));
        }
        let text = match by {
            SortKey::CaseInsensitiveName | SortKey::Column(UserColumn::Email) => true,
            SortKey::Column(UserColumn::CreatedAt) => false,
            SortKey::Column(_) => return Err(refused("sortBy", "a cursor goes by email, name or createdAt")),
        };
        if cursor.is_empty() {
            return Ok(Page::After(None));
        }
        let place = cursor::decode(cursor).filter(|place| matches!(place.key, FilterValue::Text(_)) == text);
        let place = place.ok_or_else(|| refused("cursor", "it is not from a list in this order"))?;
        Ok(Page::After(Some(place)))
    }

    /// Takes off the user who only tells that there are more.
    fn cut(&self, mut page: UserPage, query: &UserQuery) -> (UserPage, Option<String>) {
        let limit = usize::try_from(self.limit.unwrap_or(STANDARD_PAGE)).unwrap_or(usize::MAX);
        if !self.paged || page.users.len() <= limit {
            return (page, None);
        }
        page.users.truncate(limit);
        let last = page.users.last().and_then(|user| query.position(user));
        let next = last.as_ref().and_then(cursor::encode);
        (page, next)
    }
}

/// The order of a list nobody sorts: that of the index by which it is found, else by when users came.
const fn standard_order(search: Option<&UserSearch>) -> SortKey {
    match search {
        Some(search) if matches!(search.how, SearchMatch::StartsWith) => match search.field {
            SearchField::Email => SortKey::Column(UserColumn::Email),
            SearchField::Name => SortKey::CaseInsensitiveName,
        },
        _ => SortKey::Column(UserColumn::CreatedAt),
    }
}

fn refused(parameter: &str, why: &str) -> ApiError {
    VALIDATION_ERROR.with_message(format!("[query.{parameter}] Invalid value: {why}"))
}

/// A whole number up to `most`. What is no number at all, or zero, counts as not said, as in Better Auth.
fn number(parameter: &str, text: Option<&str>, most: u64) -> Result<Option<u64>, ApiError> {
    let Some(number) = text.and_then(|text| text.trim().parse::<f64>().ok()) else {
        return Ok(None);
    };
    if number == 0.0 || number.is_nan() {
        return Ok(None);
    }
    let whole = text.and_then(|text| text.trim().parse::<u64>().ok());
    let fits = whole.filter(|number| *number <= most);
    fits.map(Some)
        .ok_or_else(|| refused(parameter, &format!("it must be a whole number up to {most}")))
}

fn search_field_of(name: Option<&str>) -> SearchField {
    match name {
        Some("name") => SearchField::Name,
        _ => SearchField::Email,
    }
}

fn search_match_of(name: Option<&str>) -> SearchMatch {
    match name {
        Some("starts_with") => SearchMatch::StartsWith,
        Some("ends_with") => SearchMatch::EndsWith,
        _ => SearchMatch::Contains,
    }
}

/// The condition, if column, operator and value go together.
fn comparison(kind: ValueKind, operator: Option<&str>, value: &Value) -> Option<Comparison> {
    let one = || parse(kind, value.as_str()?);
    let text = || {
        value
            .as_str()
            .filter(|_| kind == ValueKind::Text)
            .map(str::to_owned)
    };
    let list = || match value {
        Value::Array(values) => values.iter().map(|value| parse(kind, value.as_str()?)).collect(),
        value => parse(kind, value.as_str()?).map(|value| vec![value]),
    };
    Some(match operator.unwrap_or("eq") {
        "ne" => Comparison::Ne(one()?),
        "lt" => Comparison::Lt(one()?),
        "lte" => Comparison::Lte(one()?),
        "gt" => Comparison::Gt(one()?),
        "gte" => Comparison::Gte(one()?),
        "in" => Comparison::In(list()?),
        "not_in" => Comparison::NotIn(list()?),
        "contains" => Comparison::Contains(text()?),
        "starts_with" => Comparison::StartsWith(text()?),
        "ends_with" => Comparison::EndsWith(text()?),
        _ => Comparison::Eq(one()?),
    })
}

fn parse(kind: ValueKind, text: &str) -> Option<FilterValue> {
    match kind {
        ValueKind::Text => Some(FilterValue::Text(text.to_owned())),
        ValueKind::Bool => text.parse().ok().map(FilterValue::Bool),
        ValueKind::DateTime => parse_moment(text).map(FilterValue::DateTime),
    }
}

fn one_of(text: &str, words: &[&str]) -> Result<(), ValidationError> {
    if words.contains(&text) {
        Ok(())
    } else {
        let message = format!("Invalid option: expected one of {}", words.join("|"));
        Err(ValidationError::new("option").with_message(message.into()))
    }
}

fn known_search_field(text: &str) -> Result<(), ValidationError> {
    one_of(text, &["email", "name"])
}

fn known_search_operator(text: &str) -> Result<(), ValidationError> {
    one_of(text, &["contains", "starts_with", "ends_with"])
}

fn known_direction(text: &str) -> Result<(), ValidationError> {
    one_of(text, &["asc", "desc"])
}

fn known_filter_operator(text: &str) -> Result<(), ValidationError> {
    let words = [
        "eq",
        "ne",
        "lt",
        "lte",
        "gt",
        "gte",
        "in",
        "not_in",
        "contains",
        "starts_with",
        "ends_with",
    ];
    one_of(text, &words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ac_7_numbers_are_whole_and_bounded() {
        let read = |text| number("limit", Some(text), 1000).ok();
        assert_eq!(read("5"), Some(Some(5)));
        assert_eq!(read("1000"), Some(Some(1000)));
        for unsaid in ["", "abc", "0", "0.0", "NaN"] {
            assert_eq!(read(unsaid), Some(None), "{unsaid}");
        }
        for refused in ["1001", "-1", "1.5", "1e3", "inf", "99999999999999999999"] {
            assert_eq!(read(refused), None, "{refused}");
        }
    }

    #[test]
    fn values_are_of_their_columns_kind() {
        let flag = comparison(ValueKind::Bool, None, &"true".into());
        assert_eq!(flag, Some(Comparison::Eq(FilterValue::Bool(true))));
        assert_eq!(comparison(ValueKind::Bool, None, &"yes".into()), None);
        assert_eq!(
            comparison(ValueKind::Bool, Some("contains"), &"true".into()),
            None
        );
        let day = comparison(ValueKind::DateTime, Some("gte"), &"2026-01-02".into());
        let midnight = comparison(ValueKind::DateTime, Some("gte"), &"2026-01-02T00:00:00Z".into());
        assert!(day.is_some() && day == midnight);
        assert_eq!(comparison(ValueKind::DateTime, None, &"soon".into()), None);
        assert_eq!(
            comparison(ValueKind::Text, None, &serde_json::json!(["a", "b"])),
            None
        );
        let list = comparison(ValueKind::Text, Some("in"), &serde_json::json!(["a", "b"]));
        assert!(matches!(list, Some(Comparison::In(list)) if list.len() == 2));
    }
}
