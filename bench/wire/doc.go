// Package wire tests phase open of --timestamps kernel against a packet capture: for each
// connection, from the client's first segment with data to the segment that completes the
// 101 response. dumpcap captures and tshark decodes; neither is of this project.
//
// # Which instants
//
// All stamps are of the wall clock. TestInstants compares those of a capture with those of a
// socket. Functions are of Linux 6.18.
//
// On loopback a packet passes a capture twice. libpcap drops the copy that is sent
// (linux_check_direction in its pcap-linux.c), so the capture is on the receiver's side: in
// __netif_receive_skb_core, once the packet is out of the backlog. The receiving socket's stamp
// follows 0.2 us later. It is not that of netif_rx: a TCP segment from this machine still has
// the time at which it was to leave in the field for the stamp, and loses that in
// ip_local_deliver_finish (skb_clear_delivery_time), which stamps it. The tap before that
// reads the clock itself (tpacket_rcv).
//
// Between two namespaces the capture is at the testee's device. There a response is stamped
// when it is sent (dev_queue_xmit_nit), and the client's socket has its stamp 1 to 2 us later.
//
// Phase open begins when the client reads its clock, right before sendto(2). The capture sees
// the request when the kernel has made a segment of it: TestInstants finds 3 us for a write(2)
// of its own.
//
// Both differences have the same sign: open is longer than the exchange on the wire, by 4 to 9
// us, and never shorter. The test does not subtract them, because they depend on the machine:
// most bounds their sum.
package wire
