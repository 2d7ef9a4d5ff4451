//! As much of HTML as a browser without scripts needs: tags, attributes, entities.

/// A start tag with its attributes.
#[derive(Clone, Debug)]
pub struct Tag {
    /// The name, in lower case.
    pub name: String,
    /// The attributes in their order, character references decoded.
    pub attributes: Vec<(String, String)>,
}

/// A form, as far as sending it needs.
#[derive(Clone, Debug)]
pub struct Form {
    /// The address that it is sent to, decoded.
    pub action: String,
    /// `get` or `post`.
    pub method: String,
    /// Its inputs that are not buttons and would be sent, with their values.
    pub inputs: Vec<(String, String)>,
    /// Its checkboxes that are not ticked.
    pub boxes: Vec<(String, String)>,
    /// Its buttons, by name and value.
    pub buttons: Vec<(String, String)>,
}

impl Tag {
    /// The value of an attribute; `None` where it is absent.
    pub fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// Every start tag of a document, in order.
pub fn tags(html: &str) -> Vec<Tag> {
    let mut tags = Vec::new();
    let mut rest = html;
    while let Some(at) = rest.find('<') {
        rest = &rest[at + 1..];
        if rest.starts_with(|c: char| c.is_ascii_alphabetic()) {
            let (tag, after) = tag(rest);
            tags.push(tag);
            rest = after;
        }
    }
    tags
}

fn tag(text: &str) -> (Tag, &str) {
    let end = text.find(|c: char| c.is_ascii_whitespace() || c == '>' || c == '/').unwrap_or(text.len());
    let mut tag = Tag { name: text[..end].to_ascii_lowercase(), attributes: Vec::new() };
    let mut rest = &text[end..];
    loop {
        rest = rest.trim_start_matches(|c: char| c.is_ascii_whitespace() || c == '/');
        if rest.is_empty() || rest.starts_with('>') {
            return (tag, rest);
        }
        let end = rest.find(|c: char| c.is_ascii_whitespace() || "=>/".contains(c)).unwrap_or(rest.len());
        let name = rest[..end].to_ascii_lowercase();
        rest = &rest[end..];
        let mut value = String::new();
        if let Some(after) = rest.strip_prefix('=') {
            let (quote, body) = match after.chars().next() {
                Some(quote @ ('"' | '\'')) => (Some(quote), &after[1..]),
                _ => (None, after),
            };
            let ends = |c: char| quote.map_or(c.is_ascii_whitespace() || c == '>', |quote| c == quote);
            let end = body.find(ends).unwrap_or(body.len());
            value = unescape(&body[..end]);
            rest = body[end..].strip_prefix(quote.unwrap_or('\0')).unwrap_or(&body[end..]);
        }
        if name.is_empty() {
            // A stray character such as `=`: a browser skips it too.
            rest = &rest[rest.chars().next().map_or(0, char::len_utf8)..];
        } else {
            tag.attributes.push((name, value));
        }
    }
}

/// The first form of a document.
pub(crate) fn form(html: &str) -> Option<Form> {
    let mut form: Option<Form> = None;
    for tag in tags(html) {
        let text = |name: &str| tag.attribute(name).unwrap_or_default().to_owned();
        match (tag.name.as_str(), &mut form) {
            ("form", None) => {
                let method = text("method").to_ascii_lowercase();
                let action = text("action");
                form = Some(Form { action, method, inputs: vec![], boxes: vec![], buttons: vec![] });
            }
            ("input", Some(form)) if text("type") == "checkbox" && tag.attribute("checked").is_none() => {
                form.boxes.push((text("name"), text("value")));
            }
            ("input", Some(form)) => form.inputs.push((text("name"), text("value"))),
            ("button", Some(form)) => form.buttons.push((text("name"), text("value"))),
            _ => {}
        }
    }
    form
}

/// Where the document's meta refresh goes.
pub(crate) fn refresh(html: &str) -> Option<String> {
    let tags = tags(html);
    let meta = tags
        .iter()
        .find(|tag| tag.attribute("http-equiv").is_some_and(|name| name.eq_ignore_ascii_case("refresh")))?;
    Some(meta.attribute("content")?.split_once("url=")?.1.to_owned())
}

/// The text within the element of an id, up to its first tag.
pub(crate) fn text_of(html: &str, id: &str) -> Option<String> {
    let at = html.find(&format!("id=\"{id}\""))?;
    let inside = html[at..].split_once('>')?.1;
    Some(unescape(inside.split('<').next()?))
}

/// Replaces character references by the characters; what is no reference stays.
pub fn unescape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let decoded = rest.find(';').and_then(|end| Some((character(&rest[1..end])?, end + 1)));
        let (c, length) = decoded.unwrap_or(('&', 1));
        out.push(c);
        rest = &rest[length..];
    }
    out + rest
}

fn character(reference: &str) -> Option<char> {
    let number = |digits: &str, radix| u32::from_str_radix(digits, radix).ok().and_then(char::from_u32);
    match reference {
        "amp" => Some('&'),
        "lt" => Some('<'),
        "gt" => Some('>'),
        "quot" => Some('"'),
        "nbsp" => Some('\u{a0}'),
        _ => match reference.strip_prefix('#')? {
            hex if hex.starts_with(['x', 'X']) => number(&hex[1..], 16),
            decimal => number(decimal, 10),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_are_read_as_browsers_read_them() {
        let html = "<p title='a>b'>x</p><form method=\"post\" action=\"/a?b&#38;c\"><input type=hidden name=flow value=\"&quot;1\"><input type=checkbox name=a value=1><input type=checkbox name=b value=2 checked>\
                    <button name=d value=deny>No</button></form><meta http-equiv=\"refresh\" content=\"0; url=x?a=1&amp;b\">";
        let form = form(html).unwrap();
        assert_eq!((form.method.as_str(), form.action.as_str()), ("post", "/a?b&c"));
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        assert_eq!(form.inputs, [pair("flow", "\"1"), pair("b", "2")]);
        assert_eq!(form.boxes, [pair("a", "1")]);
        assert_eq!(form.buttons, [("d".to_owned(), "deny".to_owned())]);
        assert_eq!(refresh(html).as_deref(), Some("x?a=1&b"));
    }

    #[test]
    fn broken_html_is_read_to_its_end_and_never_panics() {
        for html in ["<", "<a", "<a =", "<a b=\"", "<a b='x", "<a / / b", "&#x110000;&;&#;", "<é"] {
            let _ = (tags(html), unescape(html));
        }
    }
}
