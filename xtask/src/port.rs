//! Which process listens on a port of this machine.

use std::io::ErrorKind;
use std::net::{Ipv4Addr, TcpListener};

/// Whether the port is free.
pub(crate) fn is_free(port: u16) -> bool {
    let bound = TcpListener::bind((Ipv4Addr::LOCALHOST, port));
    bound.err().is_none_or(|error| error.kind() != ErrorKind::AddrInUse)
}

/// The name and id of the process that listens on a port, if `/proc` has it.
pub(crate) fn owner(port: u16) -> Option<String> {
    let table = std::fs::read_to_string("/proc/net/tcp").ok()?;
    let inode = listening_inode(&table, port)?;
    let socket = format!("socket:[{inode}]");
    for entry in std::fs::read_dir("/proc").ok()?.flatten() {
        let Ok(files) = std::fs::read_dir(entry.path().join("fd")) else { continue };
        let holds =
            |file: std::fs::DirEntry| std::fs::read_link(file.path()).is_ok_and(|to| to.as_os_str() == &*socket);
        if files.flatten().any(holds) {
            let name = std::fs::read_to_string(entry.path().join("comm")).ok()?;
            return Some(format!("{} (process {})", name.trim(), entry.file_name().to_string_lossy()));
        }
    }
    None
}

/// The inode of the socket that listens on a port, in the text of `/proc/net/tcp`.
fn listening_inode(table: &str, port: u16) -> Option<&str> {
    let port = format!(":{port:04X}");
    table.lines().find_map(|line| {
        let mut fields = line.split_whitespace().skip(1);
        let local = fields.next()?;
        let state = fields.nth(1)?;
        (local.ends_with(&port) && state == "0A").then(|| fields.nth(5)).flatten()
    })
}

#[cfg(test)]
mod tests {
    use super::listening_inode;

    #[test]
    fn the_listening_socket_is_distinguished_from_its_connections() {
        let table = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n\
            \x20  0: 0100007F:207D 0100007F:9C40 01 00000000:00000000 00:00000000 00000000     0        0 111 1 0\n\
            \x20  1: 0100007F:207D 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 222 1 0\n";
        assert_eq!(listening_inode(table, 8317), Some("222"));
        assert_eq!(listening_inode(table, 80), None);
    }
}
