//! Requests made of the API description: valid ones, and what an attacker makes of them.

use doorward_testing::PASSWORD;
use serde_json::Value;

use super::dice::Dice;
use super::oddities::{
    CONTENT_TYPES, ENCODINGS, KEYS, METHODS, NAMES, ORIGINS, PIECES, QUERIES, SEGMENTS, VALUES,
};
use super::operations::{Operation, read_operations};
use super::wire::Request;

/// Who asks, and what they know.
pub(crate) struct Asker<'a> {
    /// Values for the header `Cookie`: their own, and that of a session which is not theirs, without its signature.
    pub(crate) cookies: &'a [String],
    pub(crate) origin: &'a str,
    /// Of a user.
    pub(crate) id: &'a str,
}

/// Makes requests of the API description.
pub(crate) struct Generator {
    dice: Dice,
    operations: Vec<Operation>,
}

impl Generator {
    pub(crate) fn new(document: &Value, seed: u64) -> Self {
        Self {
            dice: Dice::new(seed),
            operations: read_operations(document),
        }
    }

    pub(crate) const fn dice(&self) -> &Dice {
        &self.dice
    }

    /// A request with nothing to three things wrong with it.
    pub(crate) fn request(&self, asker: &Asker<'_>) -> Request {
        let dice = &self.dice;
        let operation = loop {
            let drawn = &self.operations[dice.below(self.operations.len())];
            // A hash takes as long as a hundred other requests.
            if !drawn.hashes || dice.chance(8) {
                break drawn;
            }
        };
        let mut fields = operation.body.clone().map(|fields| {
            let field = |(name, schema): (String, Value)| (quoted(&name), self.valid(&name, &schema, asker));
            fields.into_iter().map(field).collect::<Vec<_>>()
        });
        let mut query: Vec<_> = operation
            .query
            .iter()
            .filter(|_| dice.chance(2))
            .map(|name| format!("{name}={}", self.plain(name, asker)))
            .collect();
        let mut request = Request {
            method: operation.method,
            target: String::new(),
            headers: vec![(
                "Host".to_owned(),
                asker.origin.replace("http://", "").into_bytes(),
            )],
            body: Vec::new(),
        };
        let mut content_type = Some("application/json");
        let mut body_is_raw = false;
        let mut path = operation
            .path
            .replace("{asset}", "swagger-ui.css")
            .replace("{token}", "x");
        let mut origin = Some(asker.origin);
        let mut cookie = asker.cookies[0].clone();
        for _ in 0..dice.below(4) {
            match dice.below(13) {
                0..=4 => {
                    if let Some(fields) = &mut fields {
                        self.change_fields(fields, asker);
                    }
                }
                5 => content_type = Some(dice.pick(&CONTENT_TYPES)).filter(|kind| !kind.is_empty()),
                6 => body_is_raw = true,
                7 => self.change_query(&mut query),
                8 => path = self.other_path(&operation.path),
                9 => origin = Some(dice.pick(&ORIGINS)).filter(|origin| !origin.is_empty()),
                10 => cookie = self.other_cookie(asker),
                11 => self.odd_header(&mut request),
                _ => request.method = dice.pick(&METHODS),
            }
        }
        if !cookie.is_empty() {
            request.header("Cookie", cookie);
        }
        if let Some(origin) = origin.filter(|_| request.method != "GET") {
            request.header("Origin", origin);
        }
        request.target = if query.is_empty() {
            path
        } else {
            format!("{path}?{}", query.join("&"))
        };
        if let Some(fields) = fields {
            if operation.takes_forms && dice.chance(4) {
                content_type = Some("application/x-www-form-urlencoded");
                request.body = self.form(&fields);
            } else {
                request.body = object(&fields).into_bytes();
            }
            if body_is_raw {
                self.break_body(&mut request.body);
            }
            if let Some(content_type) = content_type {
                request.header("Content-Type", content_type);
            }
        } else if body_is_raw {
            request.body = b"{\"a\":1}".to_vec();
            request.header("Content-Type", "application/json");
        }
        self.frame(&mut request);
        request
    }

    /// Says how long the body is, in one of the ways there are.
    fn frame(&self, request: &mut Request) {
        let length = request.body.len();
        if length > 0 && self.dice.chance(20) {
            let mut chunked = format!("{length:x}\r\n").into_bytes();
            chunked.append(&mut request.body);
            chunked.extend_from_slice(b"\r\n0\r\n\r\n");
            request.body = chunked;
            request.header("Transfer-Encoding", "chunked");
            return;
        }
        if length == 0 && request.method == "GET" {
            return;
        }
        let odd = ["+0", "-1", "0x1", "99999999999999999999", "", "4, 4", "1\u{0}"];
        if self.dice.chance(100) {
            request.header("Content-Length", self.dice.pick(&odd));
        } else {
            request.header("Content-Length", length.to_string());
        }
    }

    /// A value in JSON that the schema allows.
    fn valid(&self, name: &str, schema: &Value, asker: &Asker<'_>) -> String {
        let kind = &schema["type"];
        let is = |wanted: &str| {
            kind == wanted || kind.as_array().is_some_and(|all| all.iter().any(|k| k == wanted))
        };
        if is("boolean") {
            return self.dice.pick(&["true", "false"]).to_owned();
        }
        if is("integer") || is("number") {
            return self.dice.pick(&["0", "1", "60", "86400"]).to_owned();
        }
        if is("array") {
            return "[]".to_owned();
        }
        if is("object") {
            let inner = self.dice.pick(&[
                "{}",
                r#"{"name":"Ada"}"#,
                r#"{"user":["list"]}"#,
                r#"{"image":null}"#,
            ]);
            return inner.to_owned();
        }
        quoted(&self.plain(name, asker))
    }

    /// A text that fits a field or parameter of that name.
    fn plain(&self, name: &str, asker: &Asker<'_>) -> String {
        let dice = &self.dice;
        let lower = name.to_ascii_lowercase();
        if lower.contains("email") {
            return format!("u{}@example.test", dice.below(50));
        }
        let choices: &[&str] = match lower.as_str() {
            "password" | "newpassword" | "currentpassword" => {
                &[PASSWORD, PASSWORD, "another password of Ada"]
            }
            "callbackurl" | "redirectto" => &["/welcome", "/a?b=c#d", "https://evil.example/"],
            "userid" | "id" | "actorid" | "accountid" => return asker.id.to_owned(),
            "username" => &["ada", "Ada_1", "u.v"],
            "image" => &["https://example.test/a.png"],
            "role" => &["user", "admin", "user,admin"],
            "limit" | "offset" => &["0", "1", "10", "1000"],
            "sortby" | "filterfield" | "searchfield" => &["email", "name", "createdAt", "role", "id"],
            "sortdirection" => &["asc", "desc"],
            "filteroperator" | "searchoperator" => {
                &["eq", "ne", "gt", "lte", "contains", "in", "starts_with"]
            }
            "since" | "until" => &["2020-01-02", "2020-01-02T03:04:05Z"],
            "disablecookiecache" | "disablerefresh" | "deleted" => &["true", "false"],
            "permission" => &["user:list", "session:revoke"],
            _ => &["Ada", "x", "0", "credential"],
        };
        dice.pick(choices).to_owned()
    }

    fn change_fields(&self, fields: &mut Vec<(String, String)>, asker: &Asker<'_>) {
        let dice = &self.dice;
        if fields.is_empty() || dice.chance(6) {
            let name = dice.pick(&NAMES);
            let value = if dice.chance(2) {
                self.odd_value()
            } else {
                quoted(&self.plain(name, asker))
            };
            fields.push((quoted(name), value));
            return;
        }
        let at = dice.below(fields.len());
        match dice.below(10) {
            0..=2 => fields[at].1 = self.odd_value(),
            3 | 4 => fields[at].1 = self.pierced(&fields[at].1),
            5 => drop(fields.remove(at)),
            6 => {
                let mut copy = fields[at].clone();
                if dice.chance(2) {
                    copy.1 = self.odd_value();
                }
                fields.insert(dice.below(fields.len() + 1), copy);
            }
            7 => fields[at].0 = dice.pick(&KEYS).replace("KEY", fields[at].0.trim_matches('"')),
            8 => fields[at].1 = format!("[{}]", fields[at].1),
            _ => fields[at].1 = format!("{{\"$eq\":{}}}", fields[at].1),
        }
    }

    fn odd_value(&self) -> String {
        let dice = &self.dice;
        match dice.below(12) {
            0 => quoted(&"x".repeat([64, 128, 129, 255, 256, 257, 5000, 70_000][dice.below(8)])),
            1 => {
                let depth = [2, 30, 31, 32, 33, 200, 5000][dice.below(7)];
                format!("{}1{}", "[".repeat(depth), "]".repeat(depth))
            }
            2 => {
                let depth = [2, 30, 31, 32, 33, 200][dice.below(6)];
                format!("{}1{}", r#"{"a":"#.repeat(depth), "}".repeat(depth))
            }
            3 => quoted(&dice.pick(&PIECES).repeat([1, 2, 30, 100][dice.below(4)])),
            _ => dice.pick(&VALUES).to_owned(),
        }
    }

    /// The value with an odd piece somewhere, which is often inside of its text.
    fn pierced(&self, value: &str) -> String {
        let places: Vec<_> = value.char_indices().map(|(at, _)| at).skip(1).collect();
        let mut value = value.to_owned();
        if !places.is_empty() {
            value.insert_str(places[self.dice.below(places.len())], self.dice.pick(&PIECES));
        }
        value
    }

    fn break_body(&self, body: &mut Vec<u8>) {
        let dice = &self.dice;
        let at = dice.below(body.len().max(1)).min(body.len());
        match dice.below(12) {
            0 => body.truncate(at),
            1 => body.insert(at, [0xff, 0x00, 0x80, 0x0a, 0xed][dice.below(5)]),
            2 => body.splice(at..at, *b"\xf0\x9f\xa6").for_each(drop),
            3 => body.splice(0..0, *b"\xef\xbb\xbf").for_each(drop),
            4 => *body = body.iter().flat_map(|byte| [*byte, 0]).collect(),
            5 => body.extend_from_slice(b" {}"),
            6 => body.extend_from_slice(b"\x00"),
            7 => body.splice(0..0, *b"/**/").for_each(drop),
            8 => *body = dice.pick(&VALUES).as_bytes().to_vec(),
            9 => *body = [b"[", &body[..], b"]"].concat(),
            10 => body.clear(),
            _ => body.resize([1, 1000, 262_144, 262_145, 300_000][dice.below(5)], b' '),
        }
    }

    fn change_query(&self, query: &mut Vec<String>) {
        let dice = &self.dice;
        let at = dice.below(query.len() + 1);
        match query.get_mut(at) {
            Some(pair) if dice.chance(3) => {
                let copy = pair.clone();
                query.push(copy);
            }
            Some(pair) if dice.chance(2) => {
                let name = pair.split('=').next().unwrap_or_default().to_owned();
                *pair = format!("{name}{}", dice.pick(&QUERIES));
            }
            _ => query.insert(at, format!("{}{}", dice.pick(&NAMES), dice.pick(&QUERIES))),
        }
    }

    fn other_path(&self, path: &str) -> String {
        let dice = &self.dice;
        let path = path
            .replace("{asset}", dice.pick(&SEGMENTS))
            .replace("{token}", dice.pick(&SEGMENTS));
        match dice.below(10) {
            0 => format!("{path}/"),
            1 => path.replacen('/', "//", 1 + dice.below(3)),
            2 => path.to_ascii_uppercase(),
            3 => path.replacen("/auth", "/%61uth", 1),
            4 => path.replacen("/auth/", "/x/%2e%2e/auth/", 1),
            5 => path.replacen("/auth/", "/auth/./", 1),
            6 => format!("{path}/{}", dice.pick(&SEGMENTS)),
            7 => format!("http://evil.example{path}"),
            8 => format!("{path};a=b"),
            _ => path,
        }
    }

    fn other_cookie(&self, asker: &Asker<'_>) -> String {
        let dice = &self.dice;
        let own = &asker.cookies[0];
        let other = &asker.cookies[dice.below(asker.cookies.len())];
        let name = "better-auth.session_token";
        match dice.below(10) {
            0 => String::new(),
            1 => format!("{other}; {own}"),
            2 => format!("{own}; {other}"),
            3 => other.clone(),
            4 => format!(
                "{name}={}",
                dice.pick(&["", "a.b", "%", "%ff.%ff", "x.AAAA%3D", "\"quoted\"", ".", "=;=;="])
            ),
            5 => own.chars().rev().collect(),
            6 => format!("{own}; {}", "a=b; ".repeat(500)),
            7 => format!("{name}={}", "x".repeat(7000)),
            8 => own.to_ascii_uppercase(),
            _ => format!(
                "better-auth.session_data={}; {own}",
                dice.pick(&["e30=", "e30.e30.", "{}", "%7B%7D"])
            ),
        }
    }

    fn odd_header(&self, request: &mut Request) {
        let dice = &self.dice;
        match dice.below(13) {
            0 => request.header("X-Long", "x".repeat([1000, 8000, 60_000, 150_000][dice.below(4)])),
            1 => (0..[50, 95, 200][dice.below(3)]).for_each(|at| request.header(&format!("X-{at}"), "x")),
            2 => request.header("Content-Encoding", dice.pick(&ENCODINGS)),
            3 => request.header(
                "X-Forwarded-For",
                dice.pick(&["::1, ::2", "1.2.3.4", ",", "a", "[::1]:80", "\u{661}"]),
            ),
            4 => request.header(
                "Authorization",
                dice.pick(&["Bearer ", "Bearer x.y", "Basic Og==", "bearer", "Bearer %00.%ff"]),
            ),
            5 => request.header("X-Odd", [0x80, 0xff, b' ', b'\t'].to_vec()),
            6 => request.header("X-Nul", vec![b'a', 0, b'b']),
            7 => request.header("Host", "evil.example"),
            8 => request.header("Referer", dice.pick(&ORIGINS)),
            9 => request.header("Content-Type", dice.pick(&CONTENT_TYPES)),
            10 => request.header("User-Agent", dice.pick(&PIECES)),
            11 => request.header(
                "Accept",
                dice.pick(&["", "text/html", "*/*;q=2", "application/xml", "\u{0}"]),
            ),
            _ => request.header("X Space", "x"),
        }
    }

    fn form(&self, fields: &[(String, String)]) -> Vec<u8> {
        let pair = |(name, value): &(String, String)| {
            let (name, value) = (name.trim_matches('"'), value.trim_matches('"'));
            let separator = if self.dice.chance(10) {
                self.dice.pick(&QUERIES)
            } else {
                "="
            };
            format!("{name}{separator}{}", value.replace(' ', "+"))
        };
        fields.iter().map(pair).collect::<Vec<_>>().join("&").into_bytes()
    }
}

fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}

fn object(fields: &[(String, String)]) -> String {
    let fields: Vec<_> = fields
        .iter()
        .map(|(name, value)| format!("{name}:{value}"))
        .collect();
    format!("{{{}}}", fields.join(","))
}
