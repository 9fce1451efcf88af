//! What is answered to what can't be done, in the three shapes that a workspace has for it; and what is read of requests.

use axum::Json;
use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

/// What can't be done.
#[derive(Debug)]
pub(crate) struct Refusal(StatusCode, Value);

/// What comes of a request.
pub(crate) type Answer = Result<Json<Value>, Refusal>;

impl Refusal {
    /// Of the API.
    pub(crate) fn new(status: StatusCode, code: impl Into<Value>, message: &str) -> Self {
        let code: Value = code.into();
        Self(status, json!({ "error_code": code, "message": message }))
    }

    /// A field that is missing or says what it can't.
    pub(crate) fn invalid(message: &str) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "INVALID_PARAMETER_VALUE", message)
    }

    /// What isn't there.
    pub(crate) fn missing(message: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, "RESOURCE_DOES_NOT_EXIST", message)
    }

    /// What may not be done.
    pub(crate) fn forbidden(message: &str) -> Self {
        Self::new(StatusCode::FORBIDDEN, "PERMISSION_DENIED", message)
    }

    /// Of the people and groups.
    pub(crate) fn scim(status: StatusCode, detail: &str) -> Self {
        let schema = "urn:ietf:params:scim:api:messages:2.0:Error";
        let told = json!({ "schemas": [schema], "detail": detail, "status": status.as_str() });
        Self(status, told)
    }

    /// Of the place where tokens are got.
    pub(crate) fn oauth(status: StatusCode, error: &str, description: &str) -> Self {
        let told = json!({ "error": error, "error_description": description });
        Self(status, told)
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        (self.0, Json(self.1)).into_response()
    }
}

/// Whether a request says that its body is of a type, whatever else it says of it.
pub(crate) fn is_type(headers: &HeaderMap, wanted: &str) -> bool {
    let said = headers.get(header::CONTENT_TYPE);
    let said = said.and_then(|said| said.to_str().ok()).unwrap_or_default();
    let kind = said.split(';').next().unwrap_or_default();
    kind.trim().eq_ignore_ascii_case(wanted)
}

/// A body of JSON, and its fields.
#[derive(Debug)]
pub(crate) struct Fields(Value);

impl Fields {
    pub(crate) fn parse(headers: &HeaderMap, bytes: &[u8]) -> Result<Self, Refusal> {
        if !is_type(headers, "application/json") {
            return Err(Refusal::invalid("Content-Type must be application/json"));
        }
        match serde_json::from_slice(bytes) {
            Ok(value @ Value::Object(_)) => Ok(Self(value)),
            _ => Err(Refusal::new(
                StatusCode::BAD_REQUEST,
                "MALFORMED_REQUEST",
                "Invalid JSON given in the body of the request - failed to parse given JSON",
            )),
        }
    }

    /// A text that must be there.
    pub(crate) fn text(&self, name: &str) -> Result<&str, Refusal> {
        let missing = || Refusal::invalid(&format!("Missing required field: {name}"));
        self.some_text(name)?
            .filter(|text| !text.is_empty())
            .ok_or_else(missing)
    }

    /// One that may be left out.
    pub(crate) fn some_text(&self, name: &str) -> Result<Option<&str>, Refusal> {
        self.some(name, Value::as_str)
    }

    /// A number that may be left out.
    pub(crate) fn some_number(&self, name: &str) -> Result<Option<i64>, Refusal> {
        self.some(name, Value::as_i64)
    }

    /// Whether something is said to be so; it is not if nothing is said.
    pub(crate) fn flag(&self, name: &str) -> Result<bool, Refusal> {
        Ok(self.some(name, Value::as_bool)?.unwrap_or_default())
    }

    fn some<'a, T>(
        &'a self,
        name: &str,
        read: impl Fn(&'a Value) -> Option<T>,
    ) -> Result<Option<T>, Refusal> {
        match &self.0[name] {
            Value::Null => Ok(None),
            value => read(value).map(Some).ok_or_else(|| {
                Refusal::invalid(&format!("Expected another type for the field {name}"))
            }),
        }
    }
}

impl<S: Send + Sync> FromRequest<S> for Fields {
    type Rejection = Refusal;

    async fn from_request(request: Request, state: &S) -> Result<Self, Refusal> {
        let headers = request.headers().clone();
        let bytes = Bytes::from_request(request, state).await;
        let bytes = bytes.map_err(|_| Refusal::invalid("the body could not be read"))?;
        Self::parse(&headers, &bytes)
    }
}
