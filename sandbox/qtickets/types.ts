/** Objects as the API answers them. Field names and nullability are the vendor's. */

/** `true`/`false` in one mode of the API, `1`/`0` in the other. */
export type Flag = boolean | 0 | 1;
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
/** PHP sends an empty object as an empty list. */
export type LooseObject = { [key: string]: Json } | [];

export interface Client {
  id: number;
  email: string;
  details: {
    id: number;
    name: string;
    middlename: string | null;
    surname: string | null;
    phone: string | null;
    vk_id: string;
    facebook_id: string;
  };
}

export interface Basket {
  id: number;
  series: string;
  barcode: string | null;
  show_id: number;
  seat_id: string;
  seat_name: string;
  original_price: number | string;
  ticket_original_price: number | string;
  discount_value: number | null;
  price: number | string;
  ticket_amount: number;
  service_fee_amount: number;
  multiprice_code: string | null;
  quantity: number | string;
  client_email: string;
  client_phone: string;
  client_name: string;
  client_surname: string;
  client_middlename: string | null;
  organization_name: string | null;
  legal_name: string | null;
  work_position: string | null;
  inn: string | null;
  kpp: string | null;
  comment: string | null;
  pdf_url: string | null;
  passbook_url: string | null;
  related_baskets: number[];
  services: Json[];
  checked_at: string | null;
  created_at: string;
  updated_at: string;
  deleted_at: string | null;
  refunded_at: string | null;
  refunded_amount: number | string | null;
  refunded_deduction_amount: number | string | null;
  refunds: Json[];
}

export interface Order {
  id: number;
  uniqid: string;
  payed: Flag;
  payed_at: string | null;
  client_id: number;
  client: Client;
  site_id: number;
  site: { id: number; host: string };
  payment_id: number;
  payment_type_id: string;
  payment_card_number: string | null;
  payment_url: string;
  cancel_url: string;
  basket_user_id: number;
  backend_user_id: number | null;
  access_code_id: number | null;
  discount_id: number | null;
  promo_code_id: number | null;
  reserved: Flag;
  reserved_to: string;
  reserve_extended: Flag;
  event_id: number;
  price: number;
  original_price: number;
  currency_id: string;
  utm: LooseObject;
  custom: "" | { [key: string]: Json };
  fields: LooseObject;
  baskets: Basket[];
  refunds: Json[];
  integrations: LooseObject;
  created_at: string;
  updated_at: string;
  deleted_at: string | null;
}

export interface Price {
  id: number;
  default_price: number;
  color_theme: string;
  modifiers: Json[];
}

export interface Show {
  id: number;
  name: string;
  is_active: Flag;
  sale_start_date: string | null;
  sale_finish_date: string;
  open_date: string;
  start_date: string;
  finish_date: string;
  scheme_properties: { admin: LooseObject; zones: LooseObject; seats: LooseObject };
  prices: Price[];
  min_price: Price | null;
  max_price: Price | null;
  created_at: string;
  updated_at: string;
  deleted_at: string | null;
}

export interface Event {
  id: number;
  is_active: Flag;
  name: string | { [language: string]: string };
  scheme_id: number;
  currency_id: string;
  place_name: string;
  place_address: string;
  place_description: string;
  city_id: number;
  description: string;
  site_url: string;
  external_id: null;
  ticket_id: number;
  mail_template_id: number;
  age: string;
  event_type_id: number;
  slug: string;
  url: string;
  city: { id: number; name: string; timezone: string } | string | null;
  shows: Show[];
  payments: Json[];
  poster: Json;
  ticket: Json;
  mail_template: Json;
  place_coordinates: number[];
  created_at: string;
  updated_at: string;
  deleted_at: string | null;
}

/** One ticket place of a show. Some shows answer without the counters. */
export interface Seat {
  id: string;
  root_id: string;
  name: string;
  zone_id: string;
  zone_root_id: string;
  short_seat_id: string;
  admission: boolean;
  row: string;
  place: string;
  max_quantity?: number | string | null;
  free_quantity?: number | string | null;
  ordered_quantity?: number | string | null;
  payed_quantity?: number | string | null;
  in_basket_quantity?: number | string | null;
  available: boolean;
  disabled: boolean;
  ordered: boolean;
  price: number;
  currency_id: string;
  related_seats: Json[];
  multiprice_name: string | null;
  multiprice_code: string | null;
  spread: {
    partner_id: number | null;
    users: number[];
    client_groups: number[];
    client_emails: string[];
    agents: boolean;
  };
  color_theme_id: number | null;
  coords: number[];
}

export interface Discount {
  id: number;
  is_active: Flag;
  name: string;
  active_from: string | null;
  active_to: string | null;
  type: string;
  events: { id: number; is_active: Flag; name: Event["name"]; deleted_at: string | null }[];
  shows: Json[];
  created_at: string;
  updated_at: string;
  deleted_at: string | null;
}

export interface PromoCode {
  id: number;
  is_active: Flag;
  type: number;
  discount_id: number;
  code: string;
  max_uses_count: number;
  active_from: string | null;
  active_to: string | null;
  created_at: string;
  updated_at: string;
  deleted_at: string | null;
}
