//! The page's files, part of the binary: `dev` runs from anywhere and asks no other host for anything.

const HTML: &str = "text/html; charset=utf-8";
const CSS: &str = "text/css; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";

/// Name, media type and content of each file. One that is not listed does not exist.
const FILES: [(&str, &str, &str); 25] = [
    ("index.html", HTML, include_str!("app/index.html")),
    ("app.css", CSS, include_str!("app/app.css")),
    ("layout.css", CSS, include_str!("app/layout.css")),
    ("panel.css", CSS, include_str!("app/panel.css")),
    ("favicon.svg", "image/svg+xml", include_str!("app/favicon.svg")),
    ("blocks.js", SCRIPT, include_str!("app/blocks.js")),
    ("curl.js", SCRIPT, include_str!("app/curl.js")),
    ("dom.js", SCRIPT, include_str!("app/dom.js")),
    ("encode.js", SCRIPT, include_str!("app/encode.js")),
    ("failures.js", SCRIPT, include_str!("app/failures.js")),
    ("flow.js", SCRIPT, include_str!("app/flow.js")),
    ("labels.js", SCRIPT, include_str!("app/labels.js")),
    ("main.js", SCRIPT, include_str!("app/main.js")),
    ("panel.js", SCRIPT, include_str!("app/panel.js")),
    ("pkce.js", SCRIPT, include_str!("app/pkce.js")),
    ("runfile.js", SCRIPT, include_str!("app/runfile.js")),
    ("stages.js", SCRIPT, include_str!("app/stages.js")),
    ("status.js", SCRIPT, include_str!("app/status.js")),
    ("steps.js", SCRIPT, include_str!("app/steps.js")),
    ("store.js", SCRIPT, include_str!("app/store.js")),
    ("trace.js", SCRIPT, include_str!("app/trace.js")),
    ("values.js", SCRIPT, include_str!("app/values.js")),
    ("verify.js", SCRIPT, include_str!("app/verify.js")),
    ("view.js", SCRIPT, include_str!("app/view.js")),
    ("wire.js", SCRIPT, include_str!("app/wire.js")),
];

/// Media type and content of the file with this name.
pub(crate) fn find(name: &str) -> Option<(&'static str, &'static str)> {
    FILES.iter().find(|(known, _, _)| *known == name).map(|(_, media_type, content)| (*media_type, *content))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A module that is imported but not listed would be a page that stays empty.
    #[test]
    fn whatever_a_file_names_is_listed() {
        for (file, _, content) in FILES {
            for quoted in content.split('"').skip(1).step_by(2) {
                let name = quoted.strip_prefix("./").or_else(|| quoted.strip_prefix('/')).unwrap_or_default();
                if name.ends_with(".js") || name.ends_with(".css") || name.ends_with(".svg") {
                    assert!(find(name).is_some(), "{file} names {name}");
                }
            }
        }
    }

    /// The policy forbids inline script and style; a page that had one would look right only without it.
    #[test]
    fn nothing_is_inline_and_nothing_comes_from_elsewhere() {
        for (file, _, content) in FILES {
            for banned in [
                " style=",
                "<style",
                " onclick=",
                "javascript:",
                "innerHTML",
                "eval(",
                "@import",
                " url(",
                ":url(",
            ] {
                assert!(!content.contains(banned), "{file} contains {banned}");
            }
            let elsewhere = content.replace("http://www.w3.org/2000/svg", "").contains("http://");
            assert!(!elsewhere, "{file} names another host");
        }
    }
}
