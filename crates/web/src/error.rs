//! Answers to requests that fail: the codes, and the one place where they become responses.

use std::borrow::Cow;
use std::fmt;

use actix_web::http::StatusCode;
use actix_web::http::header::{CONTENT_TYPE, HeaderName, RETRY_AFTER};
use actix_web::{HttpResponse, ResponseError};
use doorward_application::RequestError;
use doorward_application::hooks::Rejection;
use doorward_domain::{NotSignedIn, StoreError};

/// A stable answer. Codes are never renamed; messages may be reworded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ErrorCode {
    /// HTTP status.
    pub status: u16,
    /// What programs go by.
    pub code: &'static str,
    /// What people read.
    pub message: &'static str,
}

/// Declares error codes as constants, and `ALL` of them as a list: name, status, message.
///
/// ```
/// doorward_web::error_codes! {
///     INVOICE_NOT_FOUND = 404, "There is no such invoice";
///     INVOICE_ALREADY_APPROVED = 409, "The invoice was approved before";
/// }
///
/// assert_eq!(INVOICE_NOT_FOUND.code, "INVOICE_NOT_FOUND");
/// assert_eq!(ALL.len(), 2);
/// ```
#[macro_export]
macro_rules! error_codes {
    ($($name:ident = $status:literal, $message:literal;)*) => {
        $(
            #[doc = $message]
            pub const $name: $crate::ErrorCode = $crate::ErrorCode {
                status: $status,
                code: stringify!($name),
                message: $message,
            };
        )*

        /// All of them.
        pub const ALL: &[$crate::ErrorCode] = &[$($name),*];
    };
}

/// The codes of the built-in endpoints. Those of Better Auth are spelled as it spells them.
pub(crate) mod codes {
    crate::error_codes! {
        BAD_REQUEST = 400, "Invalid JSON in request body";
        CROSS_SITE_NAVIGATION_LOGIN_BLOCKED = 403, "Cross-site navigation login blocked. This request appears to be a CSRF attack.";
        FIELD_NOT_ALLOWED = 400, "Field is not allowed to be set";
        FORBIDDEN = 403, "You do not have the permission to do this";
        INTERNAL_SERVER_ERROR = 500, "Internal server error";
        INVALID_CALLBACK_URL = 403, "Invalid callbackURL";
        INVALID_ERROR_CALLBACK_URL = 403, "Invalid errorCallbackURL";
        INVALID_NEW_USER_CALLBACK_URL = 403, "Invalid newUserCallbackURL";
        INVALID_ORIGIN = 403, "Invalid origin";
        INVALID_REDIRECT_URL = 403, "Invalid redirectURL";
        MISSING_FIELD = 400, "Field is required";
        MISSING_OR_NULL_ORIGIN = 403, "Missing or null Origin";
        NOT_FOUND = 404, "Not found";
        PAYLOAD_TOO_LARGE = 413, "Request body is too large";
        REQUEST_TIMEOUT = 408, "The request body did not arrive in time";
        SERVICE_UNAVAILABLE = 503, "The service is busy. Please try again in a moment.";
        UNAUTHORIZED = 401, "Unauthorized";
        UNSUPPORTED_MEDIA_TYPE = 415, "Content-Type is not allowed";
        VALIDATION_ERROR = 400, "Invalid request";
    }
}

impl ErrorCode {
    /// The same code under another status, where Better Auth answers it with two.
    #[must_use]
    pub const fn with_status(self, status: u16) -> Self {
        Self { status, ..self }
    }

    /// The same code with a message for this one occasion.
    #[must_use]
    pub fn with_message(self, message: impl Into<Cow<'static, str>>) -> ApiError {
        ApiError::Coded(self, Some(message.into()))
    }
}

/// Why a request was not done, as the client is told.
pub enum ApiError {
    /// `{"message": …, "code": …}`.
    Coded(ErrorCode, Option<Cow<'static, str>>),
    /// `{"message": …}`: the few answers to which Better Auth gives no code.
    Uncoded(u16, Cow<'static, str>),
    /// A status and nothing else.
    Empty(u16),
    /// A status and words that are no JSON, which Better Auth has for disabled paths.
    Plain(u16, &'static str),
    /// 429 with `Retry-After`, and `X-Retry-After`, which Better Auth's clients read.
    TooManyRequests {
        /// What programs go by; none where a client asks too often.
        code: Option<ErrorCode>,
        /// When to come back, in seconds.
        retry_after: u64,
    },
    /// 503 with `Retry-After`. The cause is logged, not sent.
    Unavailable(Box<dyn std::error::Error>),
    /// 500. The cause is logged, not sent (ER-1).
    Internal(Box<dyn std::error::Error>),
}

impl ApiError {
    const RETRY_AFTER_SECONDS: u8 = 1;
    const TOO_MANY: &'static str = "Too many requests. Please try again later.";
    const X_RETRY_AFTER: HeaderName = HeaderName::from_static("x-retry-after");

    /// An answer without a code.
    #[must_use]
    pub const fn uncoded(message: &'static str) -> Self {
        Self::Uncoded(400, Cow::Borrowed(message))
    }

    fn code(&self) -> Option<ErrorCode> {
        match self {
            Self::Coded(code, _) => Some(*code),
            Self::TooManyRequests { code, .. } => *code,
            Self::Unavailable(_) => Some(codes::SERVICE_UNAVAILABLE),
            Self::Internal(_) => Some(codes::INTERNAL_SERVER_ERROR),
            Self::Uncoded(..) | Self::Empty(_) | Self::Plain(..) => None,
        }
    }

    fn message(&self) -> Cow<'_, str> {
        match self {
            Self::Coded(_, Some(message)) | Self::Uncoded(_, message) => Cow::Borrowed(message),
            Self::TooManyRequests { code: None, .. } => Cow::Borrowed(Self::TOO_MANY),
            _ => Cow::Borrowed(self.code().map_or("", |code| code.message)),
        }
    }
}

impl fmt::Debug for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ApiError({self})")
    }
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.code() {
            Some(code) => f.write_str(code.code),
            None => write!(f, "{}", self.status_code()),
        }
    }
}

impl ResponseError for ApiError {
    fn status_code(&self) -> StatusCode {
        let status = match self {
            Self::Uncoded(status, _) | Self::Empty(status) | Self::Plain(status, _) => *status,
            Self::TooManyRequests { .. } => 429,
            _ => self.code().map_or(500, |code| code.status),
        };
        StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    fn error_response(&self) -> HttpResponse {
        let mut response = HttpResponse::build(self.status_code());
        match self {
            Self::Empty(_) => return response.finish(),
            Self::Plain(_, text) => {
                return response
                    .insert_header((CONTENT_TYPE, "text/plain;charset=UTF-8"))
                    .body(*text);
            }
            Self::TooManyRequests { retry_after, .. } => {
                let seconds = retry_after.to_string();
                response.insert_header((RETRY_AFTER, seconds.clone()));
                response.insert_header((Self::X_RETRY_AFTER, seconds));
            }
            Self::Unavailable(cause) => {
                tracing::warn!(cause = chain(&**cause), "request not served");
                response.insert_header((RETRY_AFTER, Self::RETRY_AFTER_SECONDS.to_string()));
            }
            Self::Internal(cause) => tracing::error!(cause = chain(&**cause), "request failed"),
            Self::Coded(..) | Self::Uncoded(..) => {}
        }
        let body = match self.code() {
            Some(code) => serde_json::json!({ "message": self.message(), "code": code.code }),
            None => serde_json::json!({ "message": self.message() }),
        };
        response
            .insert_header((CONTENT_TYPE, "application/json"))
            .body(body.to_string())
    }
}

/// The error and what caused it, for the log.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}

impl From<ErrorCode> for ApiError {
    fn from(code: ErrorCode) -> Self {
        Self::Coded(code, None)
    }
}

impl From<Rejection> for ApiError {
    /// 403 with the hook's own code.
    fn from(rejection: Rejection) -> Self {
        let code = ErrorCode {
            status: 403,
            code: rejection.code,
            message: "",
        };
        code.with_message(rejection.message)
    }
}

impl From<NotSignedIn> for ApiError {
    fn from(_: NotSignedIn) -> Self {
        codes::UNAUTHORIZED.into()
    }
}

impl From<RequestError> for ApiError {
    fn from(error: RequestError) -> Self {
        match error {
            RequestError::NotSignedIn(error) => error.into(),
            RequestError::Store(error) => error.into(),
        }
    }
}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Unavailable(_) => Self::Unavailable(Box::new(error)),
            StoreError::Conflict(_) | StoreError::Failed(_) => Self::Internal(Box::new(error)),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io;

    use actix_web::body::MessageBody;

    use super::*;

    fn body(error: &ApiError) -> String {
        let bytes = error.error_response().into_body().try_into_bytes().unwrap();
        String::from_utf8(bytes.to_vec()).unwrap()
    }

    #[test]
    fn er_1_causes_are_not_sent() {
        let cause = io::Error::other("SELECT password FROM account");
        let error = ApiError::from(StoreError::Failed(Box::new(cause)));
        assert_eq!(error.status_code(), 500);
        assert_eq!(
            body(&error),
            r#"{"message":"Internal server error","code":"INTERNAL_SERVER_ERROR"}"#
        );
    }

    #[test]
    fn no_code_has_two_meanings() {
        for (index, code) in codes::ALL.iter().enumerate() {
            assert!(
                codes::ALL[index + 1..]
                    .iter()
                    .all(|other| other.code != code.code),
                "{}",
                code.code
            );
        }
    }
}
