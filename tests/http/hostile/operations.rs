//! The API description as the generator needs it.

use serde_json::Value;

use super::oddities::METHODS;

/// An operation of the API description.
pub(super) struct Operation {
    pub(super) path: String,
    pub(super) method: &'static str,
    pub(super) query: Vec<String>,
    /// Names and schemas of the fields of the body; none if it takes no body.
    pub(super) body: Option<Vec<(String, Value)>>,
    pub(super) takes_forms: bool,
    /// Whether it takes a password.
    pub(super) hashes: bool,
}

/// All of them.
pub(super) fn read_operations(document: &Value) -> Vec<Operation> {
    let mut operations = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let method = METHODS.iter().find(|known| known.eq_ignore_ascii_case(method));
            operations.extend(method.map(|method| read_operation(document, path, method, operation)));
        }
    }
    assert!(operations.len() > 50, "the description has all operations");
    operations
}

fn read_operation(document: &Value, path: &str, method: &'static str, operation: &Value) -> Operation {
    let content = &operation["requestBody"]["content"];
    let schema = resolved(document, &content["application/json"]["schema"]);
    let body = (!content.is_null()).then(|| {
        let properties = schema["properties"].as_object();
        let fields = properties.into_iter().flatten();
        fields
            .map(|(name, schema)| (name.clone(), resolved(document, schema).clone()))
            .collect::<Vec<_>>()
    });
    let parameters = operation["parameters"].as_array();
    Operation {
        path: path.to_owned(),
        method,
        query: parameters
            .into_iter()
            .flatten()
            .filter(|parameter| parameter["in"] == "query")
            .filter_map(|parameter| Some(parameter["name"].as_str()?.to_owned()))
            .collect(),
        hashes: body
            .iter()
            .flatten()
            .any(|(name, _)| name.to_ascii_lowercase().contains("password")),
        body,
        takes_forms: content.get("application/x-www-form-urlencoded").is_some(),
    }
}

fn resolved<'a>(document: &'a Value, schema: &'a Value) -> &'a Value {
    match schema["$ref"].as_str().and_then(|text| text.strip_prefix('#')) {
        Some(pointer) => document.pointer(pointer).unwrap(),
        None => schema,
    }
}
