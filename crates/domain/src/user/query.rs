use super::{FilterValue, User, UserColumn};
use crate::UserId;

/// A condition on a column. One without a value satisfies none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Comparison {
    /// Is this.
    Eq(FilterValue),
    /// Is something else.
    Ne(FilterValue),
    /// Comes before this.
    Lt(FilterValue),
    /// Does not come after this.
    Lte(FilterValue),
    /// Comes after this.
    Gt(FilterValue),
    /// Does not come before this.
    Gte(FilterValue),
    /// Is one of these.
    In(Vec<FilterValue>),
    /// Is none of these.
    NotIn(Vec<FilterValue>),
    /// Has this text in it.
    Contains(String),
    /// Begins with this text.
    StartsWith(String),
    /// Ends with this text.
    EndsWith(String),
}

/// A condition on one column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserFilter {
    /// The column. Texts are for columns of text.
    pub column: UserColumn,
    /// What it must be like.
    pub comparison: Comparison,
}

/// Where a text is searched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SearchField {
    /// In the address.
    Email,
    /// In the name.
    Name,
}

/// Where in the field the text must stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SearchMatch {
    /// Anywhere. Looks at every user.
    Contains,
    /// At the beginning. An index answers it.
    StartsWith,
    /// At the end. Looks at every user.
    EndsWith,
}

/// A search text. The comparison ignores the case of ASCII letters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserSearch {
    /// Where.
    pub field: SearchField,
    /// How.
    pub how: SearchMatch,
    /// What, with its ASCII letters in lower case.
    pub text: String,
}

impl UserSearch {
    /// A search whatever the letter case.
    #[must_use]
    pub fn new(field: SearchField, how: SearchMatch, text: &str) -> Self {
        Self {
            field,
            how,
            text: text.to_ascii_lowercase(),
        }
    }
}

/// What users are sorted by. Those that are equal in it are sorted by id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SortKey {
    /// The values of a column, text byte by byte. Where a value is missing, it comes first.
    Column(UserColumn),
    /// The name with its ASCII letters in lower case.
    CaseInsensitiveName,
}

/// The order of users.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UserOrder {
    /// What decides.
    pub by: SortKey,
    /// Whether the last comes first.
    pub descending: bool,
}

/// A place in the order: of the user last seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cursor {
    /// What decides the order, of that user.
    pub key: FilterValue,
    /// That user.
    pub id: UserId,
}

/// Which of the users that match.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Page {
    /// Those after so many others. The answer says how many match.
    Offset(u64),
    /// Those after this place, or the first ones: as fast in the middle as at the beginning. The order has to go by
    /// [`UserColumn::Email`], [`UserColumn::CreatedAt`] or [`SortKey::CaseInsensitiveName`].
    After(Option<Cursor>),
}

/// A question for users.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserQuery {
    /// The text they are found by.
    pub search: Option<UserSearch>,
    /// The condition they satisfy.
    pub filter: Option<UserFilter>,
    /// Whether the query is for deleted users only, instead of users who are not deleted.
    pub deleted: bool,
    /// In which order.
    pub order: UserOrder,
    /// From where on.
    pub slice: Page,
    /// How many at most.
    pub limit: u64,
}

/// Users who match.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserPage {
    /// In the order asked for.
    pub users: Vec<User>,
    /// How many match in all; counted for [`Page::Offset`] only.
    pub total: Option<u64>,
}

impl SortKey {
    /// What decides the place of this user.
    #[must_use]
    pub fn of(self, user: &User) -> Option<FilterValue> {
        match self {
            Self::Column(column) => column.of(user),
            Self::CaseInsensitiveName => Some(FilterValue::Text(user.name.as_str().to_ascii_lowercase())),
        }
    }
}

impl Comparison {
    /// Whether the value satisfies it.
    #[must_use]
    pub fn holds(&self, value: &FilterValue) -> bool {
        let text = |test: fn(&str, &str) -> bool, part: &str| matches!(value, FilterValue::Text(text) if test(text, part));
        match self {
            Self::Eq(other) => value == other,
            Self::Ne(other) => value != other,
            Self::Lt(other) => value < other,
            Self::Lte(other) => value <= other,
            Self::Gt(other) => value > other,
            Self::Gte(other) => value >= other,
            Self::In(list) => list.contains(value),
            Self::NotIn(list) => !list.contains(value),
            Self::Contains(part) => text(|text, part| text.contains(part), part),
            Self::StartsWith(part) => text(|text, part| text.starts_with(part), part),
            Self::EndsWith(part) => text(|text, part| text.ends_with(part), part),
        }
    }
}

impl UserQuery {
    /// Whether the user is among those asked for.
    #[must_use]
    pub fn matches(&self, user: &User) -> bool {
        let found = self.search.as_ref().is_none_or(|search| {
            let field = match search.field {
                SearchField::Email => user.email.as_str(),
                SearchField::Name => user.name.as_str(),
            };
            let field = field.to_ascii_lowercase();
            match search.how {
                SearchMatch::Contains => field.contains(&search.text),
                SearchMatch::StartsWith => field.starts_with(&search.text),
                SearchMatch::EndsWith => field.ends_with(&search.text),
            }
        });
        let satisfies = self.filter.as_ref().is_none_or(|filter| {
            let value = filter.column.of(user);
            value.is_some_and(|value| filter.comparison.holds(&value))
        });
        user.deleted_at.is_some() == self.deleted && found && satisfies
    }

    /// The place of a user in the order, for going on after them.
    #[must_use]
    pub fn position(&self, user: &User) -> Option<Cursor> {
        let key = self.order.by.of(user)?;
        Some(Cursor {
            key,
            id: user.id.clone(),
        })
    }
}
