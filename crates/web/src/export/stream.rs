use actix_web::HttpResponse;
use actix_web::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use actix_web::web::Bytes;
use doorward_application::export::UserExport;
use doorward_application::settings::Settings;
use doorward_domain::{BoxError, ErrorChain};
use futures_util::stream::{Stream, TryStreamExt, try_unfold};

use super::reply::{AuditEventReply, UserExportReply};

/// How far the document is written.
enum Written {
    Nothing(UserExport, String),
    /// All but some events; whether there was one.
    Events(UserExport, bool),
    All,
}

/// The export as a JSON document, in pieces: there is a page of audit events in memory at a time.
pub(crate) fn chunks(
    export: UserExport,
    settings: &Settings,
) -> impl Stream<Item = Result<Bytes, BoxError>> + use<> {
    let head = serde_json::to_string(&UserExportReply::without_events(&export, settings));
    let begin = head.map(|head| Written::Nothing(export, head));
    let begin = begin.map_err(BoxError::from);
    futures_util::stream::once(async { begin })
        .map_ok(|begin| try_unfold(begin, next))
        .try_flatten()
}

async fn next(written: Written) -> Result<Option<(Bytes, Written)>, BoxError> {
    match written {
        Written::Nothing(export, head) => {
            // The list of events, which is empty and last, is left open.
            let open = head.strip_suffix("]}").ok_or("the events are not last")?;
            Ok(Some((
                Bytes::from(open.to_owned()),
                Written::Events(export, false),
            )))
        }
        Written::Events(mut export, had_some) => {
            let events = export.next_events().await?;
            if events.is_empty() {
                return Ok(Some((Bytes::from_static(b"]}\n"), Written::All)));
            }
            let mut text = String::new();
            for event in events {
                if had_some || !text.is_empty() {
                    text.push(',');
                }
                text.push_str(&serde_json::to_string(&AuditEventReply::from(event))?);
            }
            Ok(Some((Bytes::from(text), Written::Events(export, true))))
        }
        Written::All => Ok(None),
    }
}

/// 200 with the document as a file to keep. If the store fails on the way, the answer breaks off.
pub(crate) fn attachment(export: UserExport, settings: &Settings) -> HttpResponse {
    let user = export.held.user.id.clone();
    let chunks = chunks(export, settings).map_err(move |error| {
        tracing::error!(%user, error = %ErrorChain(&*error), "an export broke off");
        std::io::Error::other(error)
    });
    HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, "application/json"))
        .insert_header((CONTENT_DISPOSITION, "attachment; filename=\"export.json\""))
        .streaming(chunks)
}
