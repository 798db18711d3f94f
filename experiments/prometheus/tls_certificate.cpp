#include "experiments/prometheus/tls_certificate.h"

#include <fmt/format.h>
#include <gnutls/gnutls.h>

#include <stdexcept>

#include "base/files.h"

namespace lambdaforge::experiments {
namespace {

std::string read(const std::string& file) try {
  return read_file(file);
} catch (const std::runtime_error& error) {
  throw std::invalid_argument(error.what());
}

gnutls_datum_t datum(std::string& text) {
  return {reinterpret_cast<unsigned char*>(text.data()), static_cast<unsigned>(text.size())};
}

}  // namespace

TlsCertificate load_certificate(const std::string& certificate_file, const std::string& key_file) {
  TlsCertificate loaded{read(certificate_file), read(key_file)};
  gnutls_certificate_credentials_t credentials = nullptr;
  if (gnutls_certificate_allocate_credentials(&credentials) < 0) throw std::bad_alloc();
  const gnutls_datum_t certificate = datum(loaded.certificate), key = datum(loaded.key);
  const int result =
      gnutls_certificate_set_x509_key_mem(credentials, &certificate, &key, GNUTLS_X509_FMT_PEM);
  gnutls_certificate_free_credentials(credentials);
  if (result < 0)
    throw std::invalid_argument(
        fmt::format("the certificate {} and the key {} cannot be used: {} Expected PEM files of a "
                    "certificate and of its private key without a password",
                    certificate_file, key_file, gnutls_strerror(result)));
  return loaded;
}

}  // namespace lambdaforge::experiments
