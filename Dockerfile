# skald as one static program in an image that holds nothing else.
#
#   docker build -t skald:dev .                          to run with `skald serve`: no engine inside
#   docker build -t skald:full --build-arg TAGS= .       with the embedded engine, for demo and dev:
#   docker run --rm --tmpfs /tmp skald:full demo --exit
#
# compose_test.go runs the build command below and looks at what comes out.
FROM golang:1.26.8 AS build
WORKDIR /src
COPY . .
ARG TAGS=noembed
ENV GOMODCACHE=/cache/modules GOCACHE=/cache/build
RUN --mount=type=cache,target=/cache \
    CGO_ENABLED=0 go build -trimpath -tags "$TAGS" -ldflags="-s -w" -o /out/skald ./cmd/skald

FROM scratch
# To call payment providers and carriers, and Postgres, over TLS.
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/
COPY --from=build /out/skald /skald
# Nobody: the number needs no entry in a file of users.
USER 65532:65532
# Most of what an order allocates is gone a moment later: collect it less often.
# The limit is soft; give a container that has more or less memory its own.
ENV GOGC=300 GOMEMLIMIT=512MiB
EXPOSE 8080
STOPSIGNAL SIGTERM
ENTRYPOINT ["/skald"]
CMD ["--help"]
