//! Request bodies: from parsed JSON to a checked struct.

use std::any::TypeId;
use std::cell::RefCell;
use std::collections::HashMap;
use std::future::{Ready, ready};
use std::rc::Rc;

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpMessage, HttpRequest};
use doorward_domain::{has_control_characters, has_control_characters_in_lines};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{Schema, SchemaType, Type};
use utoipa::{PartialSchema, ToSchema};
use validator::Validate;

use crate::error::ApiError;
use crate::error::codes::VALIDATION_ERROR;
use crate::validation;

/// The parsed body of this request, put there by [`request_guard`](crate::request_guard); `None` if there was none.
#[derive(Clone)]
pub(crate) struct ParsedBody(pub(crate) Option<Value>);

/// The fields of a request body as they were sent, for what depends on the configuration. Before [`Body`] in a signature,
/// which takes the body away.
#[derive(Debug)]
pub(crate) struct RawBody(Map<String, Value>);

impl RawBody {
    /// What was sent under this name.
    pub(crate) fn get(&self, name: &str) -> Option<&Value> {
        self.0.get(name)
    }

    /// Whether something was sent that JavaScript takes for true.
    pub(crate) fn is_truthy(&self, name: &str) -> bool {
        match self.get(name) {
            None | Some(Value::Null | Value::Bool(false)) => false,
            Some(Value::String(text)) => !text.is_empty(),
            Some(Value::Number(number)) => number.as_f64() != Some(0.0),
            Some(Value::Bool(true) | Value::Array(_) | Value::Object(_)) => true,
        }
    }
}

impl FromRequest for RawBody {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let body = request.extensions().get::<ParsedBody>().cloned();
        ready(Ok(Self(match body {
            Some(ParsedBody(Some(Value::Object(fields)))) => fields,
            _ => Map::new(),
        })))
    }
}

/// A checked request body.
///
/// Presence and type of each field are checked against the very schema that documents the body, the rest by its
/// `validator` derive. All problems are reported together, in the order of the fields, as `[body.field] message`.
#[derive(Debug)]
pub struct Body<T>(pub T);

impl<T: DeserializeOwned + Validate + ToSchema + 'static> FromRequest for Body<T> {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let parsed = request
            .extensions_mut()
            .remove::<ParsedBody>()
            .and_then(|ParsedBody(value)| value);
        ready(check("body", parsed.as_ref()).map(Self))
    }
}

/// Tells `null` from absent.
pub(crate) fn given<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

/// Checks a value against the schema and the rules of `T`.
pub(crate) fn check<T>(place: &str, value: Option<&Value>) -> Result<T, ApiError>
where
    T: DeserializeOwned + Validate + ToSchema + 'static,
{
    let fields = fields_of::<T>();
    let empty = Value::Object(Map::new());
    let value = match value {
        None if fields.iter().all(|field| !field.required) => &empty,
        None => {
            return Err(invalid(&[format!(
                "[{place}] Invalid input: expected object, received undefined"
            )]));
        }
        Some(value) => value,
    };
    let Value::Object(object) = value else {
        return Err(invalid(&[format!(
            "[{place}] Invalid input: expected object, received {}",
            kind_of(value)
        )]));
    };
    // A field of the wrong type is replaced by one of the right type, so that the others can still be judged.
    let mut typed = Map::new();
    let mut problems: HashMap<&str, String> = HashMap::new();
    for field in &*fields {
        match object.get(&field.name) {
            None if !field.required => {}
            Some(value) if field.accepts(value) && !has_controls(value) => {
                typed.insert(field.name.clone(), value.clone());
            }
            given => {
                problems.insert(&field.name, field.complaint(given));
                typed.insert(field.name.clone(), field.kind.stand_in());
            }
        }
    }
    let body: T = serde_json::from_value(Value::Object(typed))
        .map_err(|_| invalid(&[format!("[{place}] Invalid input")]))?;
    if let Err(errors) = body.validate() {
        for (name, message) in validation::messages(&errors) {
            if let Some(field) = fields.iter().find(|field| field.is_called(&name)) {
                problems.entry(&field.name).or_insert(message);
            }
        }
    }
    if problems.is_empty() {
        return Ok(body);
    }
    let ordered = fields
        .iter()
        .filter_map(|field| problems.get(field.name.as_str()).map(|text| (field, text)));
    let lines: Vec<String> = ordered
        .map(|(field, text)| format!("[{place}.{}] {text}", field.name))
        .collect();
    Err(invalid(&lines))
}

fn invalid(problems: &[String]) -> ApiError {
    VALIDATION_ERROR.with_message(problems.join("; "))
}

struct Field {
    name: String,
    kind: Kind,
    nullable: bool,
    required: bool,
}

#[derive(Clone, Copy)]
enum Kind {
    Text,
    Bool,
    Number,
    Any,
}

impl Field {
    fn accepts(&self, value: &Value) -> bool {
        match (self.kind, value) {
            (_, Value::Null) => self.nullable,
            (Kind::Text, Value::String(_))
            | (Kind::Bool, Value::Bool(_))
            | (Kind::Number, Value::Number(_))
            | (Kind::Any, _) => true,
            _ => false,
        }
    }

    fn complaint(&self, given: Option<&Value>) -> String {
        match given {
            Some(value) if self.accepts(value) => "Invalid string: contains a control character".to_owned(),
            _ => format!(
                "Invalid input: expected {}, received {}",
                self.kind.name(),
                given.map_or("undefined", kind_of)
            ),
        }
    }

    /// Whether `validator` means this field, which it knows by its Rust name.
    fn is_called(&self, rust_name: &str) -> bool {
        let squeeze = |text: &str| text.replace('_', "").to_ascii_lowercase();
        squeeze(rust_name) == squeeze(&self.name)
    }
}

impl Kind {
    const fn name(self) -> &'static str {
        match self {
            Self::Text => "string",
            Self::Bool => "boolean",
            Self::Number => "number",
            Self::Any => "value",
        }
    }

    fn stand_in(self) -> Value {
        match self {
            Self::Text => Value::String(String::new()),
            Self::Bool => Value::Bool(false),
            Self::Number => Value::Number(0.into()),
            Self::Any => Value::Null,
        }
    }

    const fn of(kind: &Type) -> Self {
        match kind {
            Type::String => Self::Text,
            Type::Boolean => Self::Bool,
            Type::Integer | Type::Number => Self::Number,
            _ => Self::Any,
        }
    }
}

const fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

/// Texts in an object may have several lines: whoever takes the object knows which of them do.
fn has_controls(value: &Value) -> bool {
    match value {
        Value::String(text) => has_control_characters(text),
        Value::Array(list) => list.iter().any(has_controls),
        Value::Object(object) => object.iter().any(|(key, value)| {
            let value = match value {
                Value::String(text) => has_control_characters_in_lines(text),
                value => has_controls(value),
            };
            has_control_characters(key) || value
        }),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

thread_local! {
    static FIELDS: RefCell<HashMap<TypeId, Rc<[Field]>>> = RefCell::new(HashMap::new());
}

/// The fields of a body, as its schema lists them; read once a thread.
fn fields_of<T: PartialSchema + 'static>() -> Rc<[Field]> {
    FIELDS.with_borrow_mut(|known| {
        known
            .entry(TypeId::of::<T>())
            .or_insert_with(|| read_fields(&T::schema()))
            .clone()
    })
}

fn read_fields(schema: &RefOr<Schema>) -> Rc<[Field]> {
    let RefOr::T(Schema::Object(object)) = schema else {
        return Rc::new([]);
    };
    let field = |(name, property): (&String, &RefOr<Schema>)| {
        let (kind, nullable) = read_type(property);
        Field {
            name: name.clone(),
            kind,
            nullable,
            required: object.required.contains(name),
        }
    };
    object.properties.iter().map(field).collect()
}

fn read_type(property: &RefOr<Schema>) -> (Kind, bool) {
    let RefOr::T(Schema::Object(object)) = property else {
        return (Kind::Any, true);
    };
    match &object.schema_type {
        SchemaType::Type(kind) => (Kind::of(kind), false),
        SchemaType::Array(kinds) => {
            let nullable = kinds.contains(&Type::Null);
            (
                kinds
                    .iter()
                    .find(|kind| **kind != Type::Null)
                    .map_or(Kind::Any, Kind::of),
                nullable,
            )
        }
        SchemaType::AnyValue => (Kind::Any, true),
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;
    use serde_json::json;

    use super::*;

    #[expect(dead_code, reason = "what the fields hold does not matter here")]
    #[derive(Debug, Deserialize, Validate, ToSchema)]
    #[serde(rename_all = "camelCase")]
    struct Sample {
        #[validate(custom(function = "validation::email"))]
        email: String,
        password: String,
        #[schema(nullable = false)]
        remember_me: Option<bool>,
        #[serde(rename = "callbackURL")]
        #[schema(nullable = false)]
        callback_url: Option<String>,
        image: Option<String>,
    }

    fn complaints(value: Option<&Value>) -> String {
        let ApiError::Coded(code, Some(message)) = check::<Sample>("body", value).unwrap_err() else {
            panic!("no message")
        };
        assert_eq!(code, VALIDATION_ERROR);
        message.into_owned()
    }

    #[test]
    fn all_problems_are_named_in_the_order_of_the_fields() {
        let text = complaints(Some(
            &json!({"callbackURL": 7, "rememberMe": "no", "email": "ada"}),
        ));
        let fields: Vec<&str> = text
            .split("; ")
            .map(|line| line.split(']').next().unwrap())
            .collect();
        assert_eq!(
            fields,
            [
                "[body.email",
                "[body.password",
                "[body.rememberMe",
                "[body.callbackURL"
            ]
        );
    }

    #[test]
    fn null_is_a_value_only_where_the_schema_says_so() {
        let sample: Sample = check(
            "body",
            Some(&json!({"email": "a@b.co", "password": "", "image": null})),
        )
        .unwrap();
        assert_eq!(sample.image, None);
        assert!(
            complaints(Some(
                &json!({"email": "a@b.co", "password": "", "rememberMe": null})
            ))
            .starts_with("[body.rememberMe]")
        );
    }

    #[test]
    fn in_5_control_characters_are_refused_in_every_field() {
        let text = complaints(Some(
            &json!({"email": "a@b.co", "password": "x\u{0}y", "callbackURL": "/a\nb"}),
        ));
        assert!(
            text.contains("[body.password]") && text.contains("[body.callbackURL]"),
            "{text}"
        );
    }

    #[test]
    fn a_body_must_be_there_and_be_an_object() {
        assert!(complaints(None).starts_with("[body] "));
        for value in [json!([]), json!(null), json!("text"), json!(7), json!(true)] {
            assert!(complaints(Some(&value)).starts_with("[body] "), "{value}");
        }
    }
}
