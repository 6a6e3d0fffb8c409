//! Query strings.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use url::form_urlencoded;
use utoipa::ToSchema;
use validator::Validate;

use crate::body::check;
use crate::error::ApiError;

/// A checked query string. Problems are reported as `[query.field] message`.
#[derive(Debug)]
pub struct Query<T>(pub T);

impl<T: DeserializeOwned + Validate + ToSchema + 'static> FromRequest for Query<T> {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(check("query", Some(&parse(request.query_string().as_bytes()))).map(Self))
    }
}

/// Names and values as an object. A name that occurs twice has a list, which no field accepts: readers disagree on
/// which of the two counts (CS-6).
pub(crate) fn parse(text: &[u8]) -> Value {
    let mut object = Map::new();
    for (name, value) in form_urlencoded::parse(text) {
        let value = Value::String(value.into_owned());
        match object.get_mut(&*name) {
            None => {
                object.insert(name.into_owned(), value);
            }
            Some(Value::Array(list)) => list.push(value),
            Some(first) => *first = Value::Array(vec![first.take(), value]),
        }
    }
    Value::Object(object)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn cs_6_repeated_parameters_become_lists() {
        assert_eq!(
            parse(b"a=1&b=%20x&a=2&a=3"),
            json!({"a": ["1", "2", "3"], "b": " x"})
        );
    }
}
