//! `proofkey dev`, run as people run it.

use crate::admin::support::Site;

#[test]
fn v_82_none_of_the_three_listens_away_from_loopback() {
    let site = Site::empty();
    for option in ["--listen", "--app-listen", "--api-listen"] {
        for address in ["0.0.0.0:0", "[::]:0", "192.0.2.1:4455"] {
            site.refused(&["dev", option, address], "", 2, &[option, address, "loopback only"]);
        }
        site.refused(&["dev", option, "localhost"], "", 2, &[option, "127.0.0.1:4455"]);
    }
}
