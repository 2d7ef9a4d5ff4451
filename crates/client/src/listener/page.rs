//! The pages that the browser gets: they load nothing from elsewhere, are not stored, and have no script (rows CL-07, HT).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use proofkey_oauth::sha256;

use super::router::{DONE_PATH, Reply};

const STYLE: &str = include_str!("page.css");
/// The mark: a key whose bit is a check mark, as on the server's own pages.
const MARK: &str = include_str!("mark.svg");

/// The bytes of a whole HTTP response.
pub(super) fn render(reply: Reply) -> String {
    match reply {
        // 303: the address with the code is replaced in the history by the one of the page.
        Reply::SeeDone => respond("303 See Other", &format!("Location: {DONE_PATH}\r\n"), "", ""),
        Reply::Done(purpose, succeeded) => {
            let (heading, text) = purpose.words(succeeded);
            respond("200 OK", "", heading, text)
        }
        Reply::NotOurs => respond(
            "400 Bad Request",
            "",
            "Not the sign-in that the app waits for",
            "This answer belongs to another attempt. Return to the window in which you are signing in.",
        ),
        Reply::NotFound => respond("404 Not Found", "", "Nothing here", "Return to the app."),
        Reply::MethodNotAllowed => {
            respond("405 Method Not Allowed", "Allow: GET\r\n", "Nothing here", "Return to the app.")
        }
        Reply::BadRequest => respond("400 Bad Request", "", "Nothing here", "Return to the app."),
    }
}

fn respond(status: &str, headers: &str, heading: &str, text: &str) -> String {
    let body = if heading.is_empty() { String::new() } else { document(heading, text) };
    let style_hash = STANDARD.encode(sha256(STYLE.as_bytes()));
    format!(
        "HTTP/1.1 {status}\r\n{headers}\
         Content-Type: text/html; charset=utf-8\r\n\
         Content-Length: {length}\r\n\
         Cache-Control: no-store\r\n\
         Content-Security-Policy: default-src 'none'; style-src 'sha256-{style_hash}'; base-uri 'none'; \
         form-action 'none'; frame-ancestors 'none'\r\n\
         Referrer-Policy: no-referrer\r\n\
         X-Content-Type-Options: nosniff\r\n\
         Connection: close\r\n\r\n{body}",
        length = body.len(),
    )
}

fn document(heading: &str, text: &str) -> String {
    format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width\"><title>{heading}</title>\
         <style>{STYLE}</style></head><body><main>{MARK}<h1>{heading}</h1><p>{text}</p></main></body></html>"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::listener::Purpose;

    #[test]
    fn cl_07_no_answer_is_kept_or_refers_to_anything_elsewhere() {
        let replies = [
            Reply::SeeDone,
            Reply::Done(Purpose::SignIn, true),
            Reply::Done(Purpose::SignIn, false),
            Reply::Done(Purpose::SignOut, true),
            Reply::Done(Purpose::SignOut, false),
            Reply::NotOurs,
            Reply::NotFound,
            Reply::MethodNotAllowed,
            Reply::BadRequest,
        ];
        for reply in replies {
            let answer = render(reply);
            assert!(answer.contains("\r\nCache-Control: no-store\r\n"), "{reply:?}");
            assert!(answer.contains("default-src 'none'"), "{reply:?}");
            assert!(answer.contains("Referrer-Policy: no-referrer"), "{reply:?}");
            let (_, body) = answer.split_once("\r\n\r\n").unwrap();
            for elsewhere in ["http:", "https:", "//", "src=", "href=", "<script", "url(", "@import"] {
                assert!(!body.contains(elsewhere), "{reply:?}: {elsewhere}");
            }
            assert!(answer.contains(&format!("Content-Length: {}\r\n", body.len())));
        }
        assert!(render(Reply::SeeDone).contains("Location: /done\r\n"));
    }
}
