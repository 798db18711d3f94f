# Designated initialisers leave members to their defaults on purpose.
add_compile_options(-Wall -Wextra -Werror -Wno-missing-field-initializers)
