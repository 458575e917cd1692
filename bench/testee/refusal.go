package testee

import (
	"fmt"
	"net/http"
)

// appendRefusal appends an HTTP response that announces the end of the
// connection. reason is one line of text for the body.
func appendRefusal(dst []byte, status int, reason string) []byte {
	return fmt.Appendf(dst, "HTTP/1.1 %d %s\r\n%sContent-Type: text/plain; charset=utf-8\r\nContent-Length: %d\r\n\r\n%s\n",
		status, http.StatusText(status), refusalHeaders(status), len(reason)+1, reason)
}

// refusalHeaders returns Connection and the header lines that the status requires.
func refusalHeaders(status int) string {
	switch status {
	case http.StatusMethodNotAllowed:
		return "Connection: close\r\nAllow: GET\r\n" // RFC 9110 section 15.5.6
	case http.StatusUpgradeRequired:
		// RFC 9110 section 15.5.22 and RFC 6455 section 4.4.
		return "Connection: close, Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
	}
	return "Connection: close\r\n"
}
