//! A cookie jar of one host: names, paths, `Secure`, `__Host-`, `SameSite`, removal.

/// A cookie as the jar keeps it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredCookie {
    /// The name, `__Host-` included.
    pub name: String,
    /// The value as it was sent.
    pub value: String,
    /// The attribute `Path`.
    pub path: String,
    /// `SameSite`, in lower case; browsers take `lax` where it is absent.
    pub same_site: String,
    /// Whether the browser forgets it when it closes.
    pub is_session: bool,
    /// The header that set it.
    pub header: String,
}

/// The cookies of one host.
#[derive(Clone, Debug, Default)]
pub struct Jar {
    /// All cookies that are kept, in the order in which they came.
    pub cookies: Vec<StoredCookie>,
}

/// What starts a request, as far as `SameSite` looks at it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Initiator {
    /// Our own page, or a link in any page: `Lax` cookies go along.
    Lax,
    /// A form post from another site: they do not.
    CrossSitePost,
}

impl Jar {
    /// Takes a `Set-Cookie` header over, if a browser would.
    pub(crate) fn store(&mut self, header: &str, secure_origin: bool) {
        let mut parts = header.split(';').map(str::trim);
        let (name, value) = parts.next().and_then(|pair| pair.split_once('=')).unwrap_or_default();
        let attributes: Vec<(String, String)> = parts
            .map(|part| part.split_once('=').unwrap_or((part, "")))
            .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
            .collect();
        let find =
            |name: &str| attributes.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone());
        let is_secure = find("secure").is_some();
        let path = find("path").unwrap_or_else(|| "/".into());
        let host_only = find("domain").is_none();
        let prefixed = name.starts_with("__Host-");
        if (is_secure && !secure_origin) || (prefixed && !(is_secure && host_only && path == "/")) {
            return;
        }
        self.cookies.retain(|cookie| !(cookie.name == name && cookie.path == path));
        let max_age = find("max-age");
        if max_age.as_deref().and_then(|age| age.parse::<i64>().ok()).is_none_or(|age| age > 0) {
            self.cookies.push(StoredCookie {
                name: name.to_owned(),
                value: value.to_owned(),
                path,
                same_site: find("samesite").unwrap_or_else(|| "lax".into()).to_ascii_lowercase(),
                is_session: max_age.is_none() && find("expires").is_none(),
                header: header.to_owned(),
            });
        }
    }

    /// The `Cookie` header for a request; empty for none.
    pub(crate) fn header(&self, path: &str, initiator: Initiator) -> String {
        let goes = |cookie: &&StoredCookie| {
            let site = cookie.same_site == "none" || initiator == Initiator::Lax;
            let below =
                cookie.path == "/" || path == cookie.path || path.starts_with(&format!("{}/", cookie.path));
            site && below
        };
        let pairs =
            self.cookies.iter().filter(goes).map(|cookie| format!("{}={}", cookie.name, cookie.value));
        pairs.collect::<Vec<_>>().join("; ")
    }

    /// The cookie whose name contains this word.
    pub fn find(&self, word: &str) -> Option<&StoredCookie> {
        self.cookies.iter().find(|cookie| cookie.name.contains(word))
    }

    /// Removes the cookies whose names contain this word.
    pub fn remove(&mut self, word: &str) {
        self.cookies.retain(|cookie| !cookie.name.contains(word));
    }

    /// Forgets session cookies, as a browser does that closes.
    pub fn close(&mut self) {
        self.cookies.retain(|cookie| !cookie.is_session);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_jar_keeps_what_a_browser_keeps() {
        for (header, secure, kept) in [
            ("a=1; Path=/", false, true),
            ("a=1; Secure", false, false),
            ("__Host-a=1; Path=/; Secure", true, true),
            ("__Host-a=1; Path=/x; Secure", true, false),
            ("__Host-a=1; Path=/; Secure; Domain=x", true, false),
            ("a=; Max-Age=0", false, false),
        ] {
            let mut jar = Jar::default();
            jar.store(header, secure);
            assert_eq!(jar.cookies.len(), usize::from(kept), "{header}");
        }
    }

    #[test]
    fn lax_cookies_are_not_sent_with_a_cross_site_post() {
        let mut jar = Jar::default();
        jar.store("a=1; SameSite=Lax", false);
        jar.store("b=2; SameSite=None", false);
        assert_eq!(jar.header("/x", Initiator::CrossSitePost), "b=2");
        assert_eq!(jar.header("/x", Initiator::Lax), "a=1; b=2");
    }
}
