/**
 * A schema as companies have them: a shop, a chat, logins and an audit trail. With
 * a table that half of the others refer to, references to itself, a cycle, keys of
 * several columns, a table with two references to another, and tables alone.
 */
import { sketch } from "./sketch.ts"

const stamps = "created_at timestamp with time zone, updated_at timestamp with time zone null"

export const company = sketch(`
auth.tenants: id uuid pk, name text uk, plan text, ${stamps}
auth.users: id uuid pk, tenant_id uuid -> auth.tenants(id), email citext uk, display_name text null, password_verifier text null, invited_by uuid null -> auth.users(id), default_team_id uuid null -> auth.teams(id), ${stamps}
auth.roles: id integer pk, name text uk, description text null
auth.permissions: id integer pk, name text uk
auth.role_permissions: role_id integer pk -> auth.roles(id), permission_id integer pk -> auth.permissions(id)
auth.user_roles: user_id uuid pk -> auth.users(id), role_id integer pk -> auth.roles(id), granted_by uuid null -> auth.users(id), granted_at timestamp with time zone
auth.teams: id uuid pk, tenant_id uuid -> auth.tenants(id), name text, lead_id uuid null -> auth.users(id)
auth.team_members: team_id uuid pk -> auth.teams(id), user_id uuid pk -> auth.users(id), joined_at timestamp with time zone
auth.sessions: id uuid pk, user_id uuid -> auth.users(id), token_hash bytea uk, ip inet null, user_agent text null, expires_at timestamp with time zone
auth.api_keys: id uuid pk, user_id uuid -> auth.users(id), prefix character varying(12) uk, secret_hash bytea, last_used_at timestamp with time zone null
auth.identity_providers: id integer pk, kind text, issuer text uk
auth.identities: provider_id integer pk -> auth.identity_providers(id), subject text pk, user_id uuid -> auth.users(id), profile jsonb null
auth.two_factor_secrets: user_id uuid pk -> auth.users(id), sealed bytea, confirmed_at timestamp with time zone null
shop.currencies: code character(3) pk, name text, digits smallint
shop.countries: code character(2) pk, name text, currency character(3) -> shop.currencies(code)
shop.addresses: id bigint pk, user_id uuid -> auth.users(id), country character(2) -> shop.countries(code), line1 text, line2 text null, postcode text, city text
shop.customers: user_id uuid pk -> auth.users(id), number bigint uk, billing_address_id bigint null -> shop.addresses(id), shipping_address_id bigint null -> shop.addresses(id)
shop.categories: id integer pk, parent_id integer null -> shop.categories(id), slug text uk, name text
shop.brands: id integer pk, name text uk, country character(2) null -> shop.countries(code)
shop.products: id bigint pk, category_id integer -> shop.categories(id), brand_id integer null -> shop.brands(id), sku text uk, title text, description text null, price numeric(12,2), currency character(3) -> shop.currencies(code), ${stamps}
shop.product_images: id bigint pk, product_id bigint -> shop.products(id), url text, sort smallint
shop.variants: product_id bigint pk -> shop.products(id), number smallint pk, title text, barcode text null uk, weight_grams integer null
shop.warehouses: id integer pk, country character(2) -> shop.countries(code), name text
shop.stock: warehouse_id integer pk -> shop.warehouses(id), product_id bigint pk -> shop.variants(product_id)#stock_variant_fkey, variant_number smallint pk -> shop.variants(number)#stock_variant_fkey, quantity integer, reserved integer
shop.carts: id uuid pk, user_id uuid null -> auth.users(id), ${stamps}
shop.cart_lines: cart_id uuid pk -> shop.carts(id), product_id bigint pk -> shop.variants(product_id)#cart_variant_fkey, variant_number smallint pk -> shop.variants(number)#cart_variant_fkey, quantity integer
shop.orders: id bigint pk, customer_id uuid -> shop.customers(user_id), address_id bigint -> shop.addresses(id), currency character(3) -> shop.currencies(code), coupon_id integer null -> shop.coupons(id), status shop.order_status, total numeric(12,2), placed_at timestamp with time zone
shop.order_lines: order_id bigint pk -> shop.orders(id), line smallint pk, product_id bigint -> shop.variants(product_id)#line_variant_fkey, variant_number smallint -> shop.variants(number)#line_variant_fkey, quantity integer, unit_price numeric(12,2)
shop.payments: id bigint pk, order_id bigint -> shop.orders(id), provider text, reference text uk, amount numeric(12,2), captured_at timestamp with time zone null
shop.refunds: id bigint pk, payment_id bigint -> shop.payments(id), issued_by uuid -> auth.users(id), amount numeric(12,2), reason text null
shop.shipments: id bigint pk, order_id bigint -> shop.orders(id), warehouse_id integer -> shop.warehouses(id), carrier text, tracking text null uk, shipped_at timestamp with time zone null
shop.shipment_lines: shipment_id bigint pk -> shop.shipments(id), order_id bigint pk -> shop.order_lines(order_id)#shipped_line_fkey, line smallint pk -> shop.order_lines(line)#shipped_line_fkey, quantity integer
shop.returns: id bigint pk, order_id bigint -> shop.order_lines(order_id)#returned_line_fkey, line smallint -> shop.order_lines(line)#returned_line_fkey, refund_id bigint null -> shop.refunds(id), received_at timestamp with time zone null
shop.coupons: id integer pk, code text uk, percent smallint, created_by uuid -> auth.users(id), valid tstzrange
shop.reviews: product_id bigint pk -> shop.products(id), user_id uuid pk -> auth.users(id), stars smallint, text text null, moderated_by uuid null -> auth.users(id)
shop.wishlists: user_id uuid pk -> auth.users(id), product_id bigint pk -> shop.products(id), added_at timestamp with time zone
chat.rooms: id bigint pk, tenant_id uuid -> auth.tenants(id), title text, created_by uuid -> auth.users(id), order_id bigint null -> shop.orders(id)
chat.room_members: room_id bigint pk -> chat.rooms(id), user_id uuid pk -> auth.users(id), last_read_id bigint null -> chat.messages(id), muted boolean
chat.messages: id bigint pk, room_id bigint -> chat.rooms(id), author_id uuid -> auth.users(id), reply_to bigint null -> chat.messages(id), body text, sent_at timestamp with time zone, edited_at timestamp with time zone null
chat.attachments: id bigint pk, message_id bigint -> chat.messages(id), file_id uuid -> chat.files(id)
chat.files: id uuid pk, owner_id uuid -> auth.users(id), name text, media_type text, bytes bigint, sha256 bytea uk
chat.reactions: message_id bigint pk -> chat.messages(id), user_id uuid pk -> auth.users(id), emoji text pk
chat.bots: id integer pk, user_id uuid uk -> auth.users(id), webhook text null
chat.bot_commands: bot_id integer pk -> chat.bots(id), name text pk, description text
audit.events: id bigint pk, occurred_at timestamp with time zone, actor text, action text, subject jsonb, xid xid8
audit.seals: id bigint pk, first_event bigint -> audit.events(id), last_event bigint -> audit.events(id), digest bytea, previous_id bigint null uk -> audit.seals(id)
audit.exports: id bigint pk, requested_by uuid -> auth.users(id), seal_id bigint -> audit.seals(id), finished_at timestamp with time zone null
public.feature_flags: name text pk, enabled boolean, rules jsonb null
public.job_queue: id bigint pk, kind text, payload jsonb, run_at timestamp with time zone, attempts smallint, locked_until timestamp with time zone null
public.rate_limits: key text pk, tokens double precision, refilled_at timestamp with time zone
public.settings: key text pk, value jsonb
`)
