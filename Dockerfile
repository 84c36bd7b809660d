# The first stage compiles the models of the Graph SDK and needs 5 GB of memory.
FROM golang:1.26-bookworm AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
RUN CGO_ENABLED=0 go build -trimpath -ldflags='-s -w' -o /hallpass ./cmd/hallpass

FROM scratch
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
COPY --from=build /hallpass /hallpass
USER 65532:65532
ENTRYPOINT ["/hallpass"]
CMD ["serve", "-config", "/etc/hallpass/hallpass.yaml"]
