import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandler.Sharable;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.channel.nio.NioEventLoopGroup;
import io.netty.channel.socket.SocketChannel;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.handler.codec.http.HttpObjectAggregator;
import io.netty.handler.codec.http.HttpServerCodec;
import io.netty.handler.codec.http.websocketx.WebSocketFrame;
import io.netty.handler.codec.http.websocketx.WebSocketServerProtocolConfig;
import io.netty.handler.codec.http.websocketx.WebSocketServerProtocolHandler;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslProvider;
import java.io.File;
import javax.net.ssl.SSLException;

/**
 * Echo testee on Netty: one event loop accepts, WORKERS event loops serve.
 *
 * <pre>Server PORT WORKERS [FOLDER]</pre>
 *
 * FOLDER has a certificate (bench/testees/certificate); with it the testee serves TLS.
 */
public final class Server {
    /** The default of net.core.somaxconn: bursts of connections wait in the accept queue. */
    private static final int BACKLOG = 4096;

    private static final int MAX_REQUEST_BYTES = 65536;
    private static final int MAX_FRAME_BYTES = 1 << 20;

    private static final WebSocketServerProtocolConfig PROTOCOL = WebSocketServerProtocolConfig.newBuilder()
            .websocketPath("/")
            .checkStartsWith(true) // any path
            .maxFramePayloadLength(MAX_FRAME_BYTES)
            .build();

    private Server() {}

    /**
     * Echoes each text, binary and continuation frame as it is. The protocol handler
     * before it answers pings and close frames.
     */
    @Sharable
    private static final class Echo extends SimpleChannelInboundHandler<WebSocketFrame> {
        @Override
        protected void channelRead0(ChannelHandlerContext context, WebSocketFrame frame) {
            context.writeAndFlush(frame.retain());
        }

        /** The default would log connections that the peer resets. */
        @Override
        public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
            context.close();
        }
    }

    private static final class Pipeline extends ChannelInitializer<SocketChannel> {
        private final Echo echo = new Echo();
        private final SslContext tls; // null: none

        Pipeline(SslContext tls) {
            this.tls = tls;
        }

        @Override
        protected void initChannel(SocketChannel channel) {
            if (tls != null) {
                channel.pipeline().addLast(tls.newHandler(channel.alloc()));
            }
            channel.pipeline()
                    .addLast(new HttpServerCodec())
                    .addLast(new HttpObjectAggregator(MAX_REQUEST_BYTES))
                    .addLast(new WebSocketServerProtocolHandler(PROTOCOL))
                    .addLast(echo);
        }
    }

    /** The JDK's TLS: Debian's netty-tcnative is too old for this Netty. */
    private static SslContext tls(String folder) throws SSLException {
        return SslContextBuilder.forServer(new File(folder, "cert.pem"), new File(folder, "key.pem"))
                .sslProvider(SslProvider.JDK)
                .protocols("TLSv1.3", "TLSv1.2")
                .build();
    }

    private static ChannelFuture listen(
            int port, SslContext tls, NioEventLoopGroup acceptor, NioEventLoopGroup workers) {
        return new ServerBootstrap()
                .group(acceptor, workers)
                .channel(NioServerSocketChannel.class)
                .option(ChannelOption.SO_BACKLOG, BACKLOG)
                .option(ChannelOption.SO_REUSEADDR, true)
                .childHandler(new Pipeline(tls))
                .bind("127.0.0.1", port);
    }

    public static void main(String[] args) throws InterruptedException, SSLException {
        if (args.length < 2 || args.length > 3) {
            System.err.println("usage: Server PORT WORKERS [FOLDER]");
            System.exit(2);
        }
        int port = Integer.parseInt(args[0]);
        int workers = Integer.parseInt(args[1]);
        SslContext tls = args.length == 3 ? tls(args[2]) : null;
        listen(port, tls, new NioEventLoopGroup(1), new NioEventLoopGroup(workers))
                .sync().channel().closeFuture().sync();
    }
}
